using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Lab.Benching;
using Lab.Benching.Transports;
using Lab.Running;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;

namespace Lab.Comparing.Transports;

/// <summary>
/// Reads what the figures of a transport hang on: from the broker where it tells, else from what it and the clients were told.
/// </summary>
internal static partial class BrokerSettings
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

    /// <summary>The settings by name.</summary>
    /// <exception cref="LabException">The broker does not answer.</exception>
    public static async Task<IReadOnlyDictionary<string, string>> ReadAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(broker);
        try
        {
            return broker.Description.Name == NatsBroker.Name
                ? await ReadJetStreamAsync(broker, cancellationToken)
                : await ReadKafkaAsync(broker, cancellationToken);
        }
        catch (Exception failure) when (failure is TransportException or NatsException or KafkaException)
        {
            throw new LabException($"{broker.Description} does not tell its settings: {failure.Message}", failure);
        }
    }

    private static async Task<IReadOnlyDictionary<string, string>> ReadJetStreamAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        var options = new JetStreamTransportOptions();
        var stream = await DescribeStreamAsync(broker, cancellationToken);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["server"] = broker.Description.ToString(),
            ["stream storage"] = Lower(stream.Storage),
            ["stream replicas"] = Number(stream.NumReplicas),
            ["server sync_interval"] = await ReadSyncIntervalAsync(broker, cancellationToken),
            ["stream duplicate window"] = $"{Number(stream.DuplicateWindow.TotalSeconds)} s",
            ["publish acknowledgement"] = "each message, by the server once it is stored",
            ["publish window"] = $"{options.PublishWindow} messages of a call",
            ["consumer ack policy"] = $"{Lower(ConsumerConfigAckPolicy.All)}: one for each batch",
            ["consumer max ack pending"] = $"{Lanes.ReadAhead} per partition, fewer of large messages",
            ["batch handled at once"] = $"up to {Lanes.Batch}, never waited for",
            ["client"] = NameOf(typeof(NatsConnection)),
        };
    }

    private static async Task<IReadOnlyDictionary<string, string>> ReadKafkaAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        var options = new KafkaTransportOptions { TopicSettings = broker.Durability.KafkaTopicSettings };
        var producer = KafkaSettings.ForProducer(broker.Url, options);
        var server = await DescribeKafkaAsync(broker, cancellationToken);
        return new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["server"] = broker.Description.ToString(),
            ["producer acks"] = Lower(producer.Acks),
            ["producer enable.idempotence"] = Lower(producer.EnableIdempotence),
            ["producer linger.ms"] = Number(producer.LingerMs ?? 0),
            ["producer batch.size"] = producer.BatchSize is { } size ? Number(size) : "librdkafka's own: 1,000,000 bytes",
            ["topic flush.messages"] = broker.Description.IsEmbedded ? "none: it has no disk"
                : options.TopicSettings.GetValueOrDefault("flush.messages") ?? Flushed(server.GetValueOrDefault("log.flush.interval.messages")),
            ["topic replication factor"] = options.ReplicationFactor > 0 ? Number(options.ReplicationFactor) : server.GetValueOrDefault("default.replication.factor", "1"),
            ["topic min.insync.replicas"] = server.GetValueOrDefault("min.insync.replicas", "1"),
            ["consumer positions"] = $"stored after each batch, committed every {Number(options.CommitInterval.TotalSeconds)} s",
            ["batch handled at once"] = $"up to {Lanes.Batch}, never waited for",
            ["client"] = $"{NameOf(typeof(Library))}, librdkafka {Library.VersionString}",
        };
    }

    /// <summary>A topic as the port makes it, as the server then describes it.</summary>
    private static async Task<StreamConfig> DescribeStreamAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        await using var port = broker.Connect("jetstream");
        var topic = SampleTopics.NewName();
        await port.EnsureTopicsAsync([new TopicDefinition(topic)], cancellationToken);
        await using var connection = new NatsConnection(new NatsOpts { Url = broker.Url, Name = "lab-settings" });
        var made = (await new NatsJSContext(connection).GetStreamAsync(topic.Replace('.', '_'), cancellationToken: cancellationToken)).Info.Config;
        await SampleTopics.Of("jetstream", broker).DeleteAsync(topic, cancellationToken);
        return made;
    }

    /// <summary>The server tells nobody; its configuration says it, where it runs on this machine.</summary>
    private static async Task<string> ReadSyncIntervalAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        const string standard = "2 min, the server's own";
        if (broker.Process is null || !OperatingSystem.IsLinux()) return broker.Durability.IsSynced ? "always, as it was told" : "not told by the server";
        var command = Encoding.UTF8.GetString(await File.ReadAllBytesAsync($"/proc/{Number(broker.Process.Id)}/cmdline", cancellationToken)).Split('\0');
        var option = Array.FindIndex(command, argument => argument is "--config" or "-c");
        if (option < 0 || option + 1 >= command.Length) return standard;
        var found = SyncInterval().Match(await File.ReadAllTextAsync(command[option + 1], cancellationToken));
        return found.Success ? found.Groups["value"].Value : standard;
    }

    /// <summary>What a broker says of its own settings; nothing where it does not.</summary>
    private static async Task<IReadOnlyDictionary<string, string>> DescribeKafkaAsync(BrokerProcess broker, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var port = broker.Connect("kafka"); // Finds librdkafka.
        if (broker.Description.IsEmbedded) return settings;
        var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = broker.Url }).Build();
        try
        {
            var metadata = await DedicatedThread.RunAsync("lab settings", () => admin.GetMetadata(Limit)).WaitAsync(cancellationToken);
            var first = new ConfigResource { Type = ResourceType.Broker, Name = Number(metadata.Brokers[0].BrokerId) };
            foreach (var described in await admin.DescribeConfigsAsync([first], new DescribeConfigsOptions { RequestTimeout = Limit }))
            {
                foreach (var (name, entry) in described.Entries) settings[name] = entry.Value;
            }

            return settings;
        }
        finally
        {
            await DedicatedThread.RunAsync("lab settings close", admin.Dispose);
        }
    }

    private static string Flushed(string? messages) =>
        messages is null or "9223372036854775807" ? "never: the operating system writes" : messages;

    private static string NameOf(Type type) => $"{type.Assembly.GetName().Name} {type.Assembly.GetName().Version?.ToString(3)}";

    private static string Lower<T>(T value) => value?.ToString()?.ToLowerInvariant() ?? "not set";

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^\\s*sync_interval\\s*[:=]?\\s*\"?(?<value>\\w+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex SyncInterval();
}
