using System.Collections.Concurrent;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>Makes and checks topics, and finds out whether the broker is librdkafka's embedded one.</summary>
internal sealed class KafkaTopics(ClientConfig config, KafkaTransportOptions options, TimeProvider time, ILogger logger)
{
    private static readonly Dictionary<string, string> NoSettings = [];
    private static readonly TimeSpan MetadataPause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);
    private volatile bool _embedded;

    /// <summary>
    /// The brokers are librdkafka's mock cluster: memory only, and topics come with four partitions on first use. Known after
    /// the first topics were ensured.
    /// </summary>
    public bool Embedded => _embedded;

    /// <summary>A topic as the brokers know it. Blocks, and makes no topic that is missing.</summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    public static TopicMetadata Find(Handle client, string topic, TimeSpan timeout)
    {
        using var admin = new DependentAdminClientBuilder(client).Build();
        var found = admin.GetMetadata(timeout).Topics.Find(known => known.Topic == topic) ?? throw new TopicNotFoundException(topic);
        return found.Error.IsError ? throw new KafkaException(found.Error) : found;
    }

    /// <summary>See <see cref="ITransport.EnsureTopicsAsync"/>.</summary>
    public Task EnsureAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) =>
        EnsureAsync(topics, NoSettings, isExact: true, cancellationToken);

    /// <summary>The same for topics of the transport's own, with further settings; their number of partitions need not be the one asked for.</summary>
    public Task EnsureOwnAsync(TopicDefinition topic, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken) =>
        EnsureAsync([topic], settings, isExact: false, cancellationToken);

    /// <summary>
    /// How many partitions a topic had when this process first saw it. It stays with that: if the topic grew, its keys would move.
    /// </summary>
    /// <exception cref="TransportException">There is no such topic, or no broker answers.</exception>
    public async ValueTask<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        if (_partitions.TryGetValue(topic, out var known))
            return known;
        var failures = new ClientFailures();
        var admin = CreateAdmin(failures);
        try
        {
            var found = await AskAsync(() => Find(admin.Handle, topic, options.RequestTimeout), cancellationToken);
            return _partitions.GetOrAdd(topic, found.Partitions.Count);
        }
        catch (KafkaException exception)
        {
            throw failures.Describe($"The partitions of {topic} cannot be counted on Kafka at {config.BootstrapServers}", exception);
        }
        finally
        {
            await DedicatedThread.RunAsync("kafka admin close", admin.Dispose);
        }
    }

    private async Task EnsureAsync(
        IReadOnlyCollection<TopicDefinition> topics, IReadOnlyDictionary<string, string> settings, bool isExact, CancellationToken cancellationToken)
    {
        var failures = new ClientFailures();
        var admin = CreateAdmin(failures);
        try
        {
            var metadata = await AskAsync(() => admin.GetMetadata(options.RequestTimeout), cancellationToken);
            _embedded = await IsEmbeddedAsync(admin, metadata);
            var existing = metadata.Topics.Select(topic => topic.Topic).ToHashSet(StringComparer.Ordinal);
            var missing = topics.Where(topic => !existing.Contains(topic.Name)).ToList();
            if (missing.Count > 0 && !_embedded)
                await CreateAsync(admin, missing, settings, options.ReplicationFactor);
            else if (missing.Count > 0)
                await AskAsync(() => missing.ConvertAll(topic => admin.GetMetadata(topic.Name, options.RequestTimeout)), cancellationToken);
            await VerifyAsync(admin, topics, isExact, cancellationToken);
        }
        catch (KafkaException exception)
        {
            throw failures.Describe($"Topics cannot be made or checked on Kafka at {config.BootstrapServers}", exception);
        }
        finally
        {
            await DedicatedThread.RunAsync("kafka admin close", admin.Dispose);
        }
    }

    /// <summary>
    /// A broker that cannot describe its own configuration is the embedded one; Apache Kafka can since 0.11. Asked first,
    /// because on it CreateTopics would only run into its timeout.
    /// </summary>
    private async Task<bool> IsEmbeddedAsync(IAdminClient admin, Metadata metadata)
    {
        if (metadata.Brokers.Count == 0)
            return false;
        var broker = new ConfigResource { Type = ResourceType.Broker, Name = metadata.Brokers[0].BrokerId.ToString() };
        try
        {
            await admin.DescribeConfigsAsync([broker], new DescribeConfigsOptions { RequestTimeout = options.RequestTimeout });
            return false;
        }
        catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_UnsupportedFeature)
        {
            return true;
        }
        catch (DescribeConfigsException)
        {
            return false; // It understood and refused: a real broker, where we may not look.
        }
    }

    private async Task CreateAsync(IAdminClient admin, List<TopicDefinition> topics, IReadOnlyDictionary<string, string> own, short replicas)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["unclean.leader.election.enable"] = "false" };
        if (replicas >= 3)
            settings["min.insync.replicas"] = "2";
        foreach (var (name, value) in options.TopicSettings.Concat(own))
            settings[name] = value;
        var specifications = topics.ConvertAll(topic => new TopicSpecification
        {
            Name = topic.Name,
            NumPartitions = topic.Partitions,
            ReplicationFactor = replicas,
            Configs = settings,
        });
        try
        {
            await admin.CreateTopicsAsync(specifications, new CreateTopicsOptions
            {
                RequestTimeout = options.RequestTimeout,
                OperationTimeout = options.RequestTimeout,
            });
        }
        catch (CreateTopicsException exception)
        {
            // Another instance was faster: its topics are checked below like all others.
            var refused = exception.Results.Where(result => result.Error.IsError && result.Error.Code != ErrorCode.TopicAlreadyExists).ToList();
            if (refused.Count > 0 && replicas == -1 && refused.TrueForAll(result => result.Error.Code == ErrorCode.InvalidReplicationFactor))
                await CreateAsync(admin, topics.FindAll(topic => refused.Exists(result => result.Topic == topic.Name)), own, replicas: 1);
            else if (refused.Count > 0)
                throw new TransportException("Kafka refused to create " + string.Join("; ", refused.Select(result => $"{result.Topic}: {result.Error.Reason}")), exception);
        }
    }

    /// <summary>Waits until the brokers know every topic with a leader for each partition, and compares the number of partitions.</summary>
    private async Task VerifyAsync(IAdminClient admin, IReadOnlyCollection<TopicDefinition> topics, bool isExact, CancellationToken cancellationToken)
    {
        var began = time.GetTimestamp();
        while (true)
        {
            var metadata = await AskAsync(() => admin.GetMetadata(options.RequestTimeout), cancellationToken);
            var known = metadata.Topics.ToDictionary(topic => topic.Topic, StringComparer.Ordinal);
            var waiting = topics.Where(topic => !known.TryGetValue(topic.Name, out var found) || !IsReady(found)).Select(topic => topic.Name).ToList();
            if (waiting.Count == 0)
            {
                foreach (var topic in topics)
                {
                    var count = known[topic.Name].Partitions.Count;
                    if (isExact)
                        Compare(topic, count);
                    _partitions[topic.Name] = count;
                }

                return;
            }

            if (time.GetElapsedTime(began) > options.RequestTimeout)
                throw new TransportException($"Kafka made no leader for {string.Join(", ", waiting)} within {options.RequestTimeout}.");
            await Task.Delay(MetadataPause, time, cancellationToken);
        }

        static bool IsReady(TopicMetadata topic) =>
            !topic.Error.IsError && topic.Partitions.Count > 0 && topic.Partitions.TrueForAll(partition => partition.Leader >= 0);
    }

    private void Compare(TopicDefinition topic, int partitions)
    {
        if (partitions != topic.Partitions)
        {
            throw new TransportException(
                $"Topic {topic.Name} has {partitions} partitions on Kafka, {topic.Partitions} were asked for: the key decides the partition, so the number must not change."
                + (_embedded ? " Topics of an embedded broker always have 4." : ""));
        }
    }

    private IAdminClient CreateAdmin(ClientFailures failures) => new AdminClientBuilder(config)
        .SetErrorHandler((_, error) => failures.Add(error))
        .SetLogHandler((_, line) => KafkaLog.Forward(logger, line))
        .Build();

    /// <summary>Waited for even when cancelled: the admin client must outlive the call, and the call has its own timeout.</summary>
    private static async Task<T> AskAsync<T>(Func<T> ask, CancellationToken cancellationToken)
    {
        var answer = await DedicatedThread.RunAsync("kafka metadata", ask);
        cancellationToken.ThrowIfCancellationRequested();
        return answer;
    }
}
