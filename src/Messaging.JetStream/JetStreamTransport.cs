using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Messaging.JetStream.Leases;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// The port over NATS JetStream: a topic is a file stream, a partition a subject of it, a group has one pull consumer per
/// partition. Thread-safe; one instance serves a process.
/// </summary>
public sealed class JetStreamTransport : ITransport, IRequestReply, IKeyValue
{
    private readonly JetStreamTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly JetStreamLink _link;
    private readonly JetStreamTopics _topics;
    private readonly JetStreamPublisher _publisher;
    private readonly LeaseBucket _leases;
    private readonly NatsRequests _requests;
    private readonly JetStreamBuckets _buckets;
    private readonly ConcurrentDictionary<Guid, (Task Running, GroupMember Member)> _subscriptions = new();
    private readonly CancellationTokenSource _disposing = new();

    /// <summary>Makes a transport; connects on first use.</summary>
    /// <param name="url">The server: <c>nats://user:password@host:port</c>, or a comma-separated list.</param>
    /// <param name="options">Settings.</param>
    /// <param name="loggerFactory">Where to log.</param>
    /// <param name="time">The clock of pauses and timeouts.</param>
    public JetStreamTransport(string url, JetStreamTransportOptions options, ILoggerFactory loggerFactory, TimeProvider time)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(url);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(loggerFactory);
        (_options, _time, _logger) = (options, time, loggerFactory.CreateLogger<JetStreamTransport>());
        _link = new JetStreamLink(url, options, loggerFactory);
        _topics = new JetStreamTopics(_link, options);
        _publisher = new JetStreamPublisher(_link, _topics, options, time, _logger);
        _requests = new NatsRequests(_link, options, time, _logger);
        _buckets = new JetStreamBuckets(_link, options);
        _leases = new LeaseBucket(_link, options);
    }

    /// <inheritdoc />
    public string Name => "jetstream";

    /// <inheritdoc />
    public TransportCapabilities Capabilities => new()
    {
        Order = OrderScope.Partition,
        DeduplicationWindow = _options.DuplicateWindow,
        DelayedDelivery = false,
        ReplayByPosition = true,
        ReplayByTime = true,
        FiltersByType = true,
        Transactions = false,
        Durable = true,
        FsyncBeforeAcknowledge = false, // The server syncs within its sync_interval, two minutes unless set otherwise, and does not tell.
        RequestReply = true,
        ImmediateNoResponders = true,
        KeyValue = true,
        ConditionalWrites = true,
        KeyValueHistory = true,
        LargestMessageBytes = _link.LargestMessageBytes,
    };

    /// <inheritdoc />
    public async Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        await _topics.EnsureAsync(topics, cancellationToken);
        foreach (var topic in topics)
            _publisher.Know(topic);
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
        var id = Guid.NewGuid();
        try
        {
            await using var member = await JoinAsync(subscription, handler, linked.Token);
            var running = member.RunAsync();
            _subscriptions[id] = (running, member);
            await running;
        }
        catch (OperationCanceledException) when (linked.IsCancellationRequested)
        {
            // Stopped before it had begun.
        }
        finally
        {
            _subscriptions.TryRemove(id, out _);
        }
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<Delivery> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _disposing.Token);
        await using var reader = new TopicReader(_link, _topics, request, _time, _logger);
        await reader.OpenAsync(linked.Token);
        while (await reader.NextAsync(linked.Token) is { } delivery)
            yield return delivery;
    }

    /// <inheritdoc />
    public Task<Message> RequestAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(request);
        return _requests.AskAsync(address, request, timeout, cancellationToken);
    }

    /// <inheritdoc />
    public async Task RespondAsync(Responder responder, RequestHandler handler, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(responder);
        ArgumentNullException.ThrowIfNull(handler);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, _disposing.Token);
        await _requests.AnswerAsync(responder, handler, linked.Token, _disposing.Token);
    }

    /// <inheritdoc />
    public Task<IKeyValueBucket> OpenBucketAsync(BucketDefinition definition, CancellationToken cancellationToken) =>
        _buckets.OpenAsync(definition, Name, cancellationToken);

    /// <inheritdoc />
    public async ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken)
    {
        var partitions = _subscriptions.Values.SelectMany(subscription => subscription.Member.Owned);
        var lags = await Task.WhenAll(partitions.Select(partition => partition.ReadLagAsync(cancellationToken)));
        return [.. lags.OfType<PartitionLag>()];
    }

    /// <summary>Gives up what is still consumed without settling what is in hand, and closes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;
        await _disposing.CancelAsync();
        await Task.WhenAll(_subscriptions.Values.Select(subscription => subscription.Running)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _link.DisposeAsync();
        _leases.Dispose();
        _disposing.Dispose();
    }

    private async Task<GroupMember> JoinAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping)
    {
        var count = await _topics.CountPartitionsAsync(subscription.Topic, stopping);
        var partitions = Enumerable.Range(0, count)
            .Select(partition => new PartitionConsumer(_link, _topics, subscription, partition, count, handler, _options, _time, _logger))
            .ToList();
        var member = new GroupMember(_leases, subscription, partitions, _options, _time, _logger, stopping, _disposing.Token);
        try
        {
            await member.JoinAsync();
            return member;
        }
        catch (Exception exception)
        {
            await member.DisposeAsync();
            if (exception is NatsException or TimeoutException)
                throw new TransportException($"Group {subscription.Group} cannot consume {subscription.Topic} from NATS at {_link.Url}: {exception.Message}", exception);
            throw;
        }
    }
}
