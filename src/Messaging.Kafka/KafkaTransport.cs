using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// The port over Apache Kafka. Groups, partitions and positions are Kafka's own. Thread-safe; one instance serves a process.
/// </summary>
public sealed class KafkaTransport : ITransport, IRequestReply, IKeyValue
{
    private readonly string _bootstrapServers;
    private readonly KafkaTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly KafkaTopics _topics;
    private readonly KafkaPublisher _publisher;
    private readonly KafkaRequests _requests;
    private readonly ConcurrentDictionary<KafkaSubscription, Task> _subscriptions = new();
    private readonly CancellationTokenSource _disposing = new();

    /// <summary>Makes a transport; connects on first use.</summary>
    /// <param name="bootstrapServers">Brokers to begin with: <c>host:port,host:port</c>.</param>
    /// <param name="options">Settings.</param>
    /// <param name="loggerFactory">Where to log.</param>
    /// <param name="time">The clock of pauses and timeouts.</param>
    public KafkaTransport(string bootstrapServers, KafkaTransportOptions options, ILoggerFactory loggerFactory, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(bootstrapServers);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        Librdkafka.Locate();
        _bootstrapServers = bootstrapServers;
        _options = options;
        _time = time;
        _logger = loggerFactory.CreateLogger<KafkaTransport>();
        _topics = new KafkaTopics(KafkaSettings.ForAdmin(bootstrapServers, options), options, time, _logger);
        _publisher = new KafkaPublisher(KafkaSettings.ForProducer(bootstrapServers, options), _topics, options.PublishTimeout, time, _logger);
        _requests = new KafkaRequests(this, _topics, time, _logger);
    }

    /// <inheritdoc />
    public string Name => "kafka";

    /// <inheritdoc />
    public TransportCapabilities Capabilities => new()
    {
        Order = OrderScope.Partition,
        DeduplicationWindow = TimeSpan.Zero, // Idempotence covers the producer's own retries, not a second publish.
        DelayedDelivery = false,
        ReplayByPosition = true,
        ReplayByTime = true,
        FiltersByType = false,
        Transactions = false, // librdkafka lacks KIP-890, without which Kafka's transactions can lose or tear writes.
        Durable = !_topics.Embedded,
        FsyncBeforeAcknowledge = false,
        RequestReply = true,
        ImmediateNoResponders = false, // A topic takes requests whether or not anybody reads it.
        KeyValue = true,
        ConditionalWrites = false,
        KeyValueHistory = false, // Compaction keeps the last record of a key, and at some time only that.
        LargestMessageBytes = _options.LargestMessageBytes,
    };

    /// <inheritdoc />
    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        return _topics.EnsureAsync(topics, cancellationToken);
    }

    /// <inheritdoc />
    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return _publisher.PublishAsync(batch, cancellationToken);
    }

    /// <inheritdoc />
    public async Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(handler);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, _disposing.Token);
        var config = KafkaSettings.ForConsumer(_bootstrapServers, _options, subscription, _topics.Embedded);
        using var running = new KafkaSubscription(subscription, handler, config, _options, _time, _logger);
        var task = running.RunAsync(linked.Token, _disposing.Token);
        _subscriptions[running] = task;
        try
        {
            await task;
        }
        finally
        {
            _subscriptions.TryRemove(running, out _);
        }
    }

    /// <inheritdoc />
    public IAsyncEnumerable<Delivery> ReadAsync(ReadRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        return CreateReader(request).ReadAsync(_disposing.Token, cancellationToken);
    }

    /// <inheritdoc />
    public Task<Message> RequestAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(address);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThanOrEqual(timeout, TimeSpan.Zero);
        return _requests.AskAsync(address, request, timeout, cancellationToken);
    }

    /// <inheritdoc />
    public Task RespondAsync(Responder responder, RequestHandler handler, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(responder);
        ArgumentNullException.ThrowIfNull(handler);
        return _requests.AnswerAsync(responder, handler, stopping, _disposing.Token);
    }

    /// <inheritdoc />
    public Task<IKeyValueBucket> OpenBucketAsync(BucketDefinition definition, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckDefinition(definition, Name, history: false);
        return KafkaBucket.OpenAsync(definition, this, _topics, _publisher, _time, _disposing.Token, cancellationToken);
    }

    internal KafkaReader CreateReader(ReadRequest request) => new(
        request, KafkaSettings.ForReader(_bootstrapServers, _options, _topics.Embedded), _options.RequestTimeout, _topics.Embedded, _logger);

    /// <inheritdoc />
    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return new([.. _subscriptions.Keys.SelectMany(subscription => subscription.ReadLag())]);
        }
        catch (TransportException exception)
        {
            return ValueTask.FromException<IReadOnlyList<PartitionLag>>(exception);
        }
    }

    /// <summary>Gives up what is still consumed without settling what is in hand, sends what is queued, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;
        await _disposing.CancelAsync();
        await Task.WhenAll(_subscriptions.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _requests.DisposeAsync();
        await _publisher.DisposeAsync();
        _disposing.Dispose();
    }
}
