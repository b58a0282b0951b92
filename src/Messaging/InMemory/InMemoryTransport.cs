using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Messaging;

/// <summary>The port over an <see cref="InMemoryBroker"/>, with every facet. For unit tests; nothing outlives the process.</summary>
public sealed class InMemoryTransport : ITransport, IRequestReply, IKeyValue
{
    private readonly InMemoryBroker _broker;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<InMemorySubscription, Task> _subscriptions = new();
    private readonly CancellationTokenSource _disposing = new();

    /// <summary>Makes a transport, which stands for one process.</summary>
    /// <param name="broker">Where the topics are.</param>
    /// <param name="time">The clock of pauses and timeouts.</param>
    /// <param name="loggerFactory">Where to log. Default: nowhere.</param>
    public InMemoryTransport(InMemoryBroker broker, TimeProvider time, ILoggerFactory? loggerFactory = null) =>
        (_broker, _time, _logger) = (broker, time, (loggerFactory ?? NullLoggerFactory.Instance).CreateLogger<InMemoryTransport>());

    /// <inheritdoc/>
    public string Name => "in-memory";

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new()
    {
        Order = OrderScope.Partition,
        DeduplicationWindow = TimeSpan.MaxValue,
        DelayedDelivery = false,
        ReplayByPosition = true,
        ReplayByTime = true,
        FiltersByType = false,
        Transactions = false,
        Durable = false,
        FsyncBeforeAcknowledge = false,
        RequestReply = true,
        ImmediateNoResponders = true,
        KeyValue = true,
        ConditionalWrites = true,
        KeyValueHistory = true,
        LargestMessageBytes = 1024 * 1024,
    };

    /// <inheritdoc/>
    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        foreach (var topic in topics)
            _broker.Ensure(topic);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        var failures = new List<PublishFailure>();
        var failedKeys = new FailedKeys();
        for (var i = 0; i < batch.Count; i++)
        {
            if (failedKeys.HoldsBack(batch[i], out var preceding))
            {
                failures.Add(new PublishFailure(i, preceding));
            }
            else if (Publish(batch[i]) is { } refusal)
            {
                failures.Add(new PublishFailure(i, refusal));
                failedKeys.Add(batch[i]);
            }
        }

        return Task.FromResult(failures.Count == 0 ? PublishOutcome.AllAcknowledged : new PublishOutcome(failures));
    }

    /// <inheritdoc/>
    public async Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(handler);
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, _disposing.Token);
        var running = new InMemorySubscription(_broker, subscription, handler, _time, _logger);
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

    /// <inheritdoc/>
    public async IAsyncEnumerable<Delivery> ReadAsync(ReadRequest request, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        var ends = _broker.EndsOf(request.Topic);
        var next = Enumerable.Range(0, ends.Length).Select(partition => request.From switch
        {
            ReadFrom.AtTime from => _broker.PositionAt(request.Topic, partition, from.Value),
            ReadFrom.AtPositions from => from.FirstOf(partition),
            _ => 0,
        }).ToArray();
        while (true)
        {
            var changed = _broker.Changed;
            for (var partition = 0; partition < ends.Length; partition++)
            {
                var most = request.Until == ReadUntil.Live ? int.MaxValue : (int)Math.Max(0, ends[partition] - next[partition]);
                foreach (var delivery in _broker.Read(request.Topic, partition, next[partition], most))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    next[partition] = delivery.Position + 1;
                    if (TypeFilter.Wants(request.Types, delivery))
                        yield return delivery;
                }
            }

            if (request.Until == ReadUntil.Present)
                yield break;
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<Message> RequestAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken) =>
        _broker.Requests.AskAsync(address, request, timeout, cancellationToken);

    /// <inheritdoc/>
    public async Task RespondAsync(Responder responder, RequestHandler handler, CancellationToken stopping)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(stopping, _disposing.Token);
        await _broker.Requests.AnswerAsync(responder, handler, linked.Token, _disposing.Token);
    }

    /// <inheritdoc/>
    public Task<IKeyValueBucket> OpenBucketAsync(BucketDefinition definition, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckDefinition(definition, Name, history: true);
        return Task.FromResult<IKeyValueBucket>(_broker.Buckets.Open(definition));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) =>
        new([.. _subscriptions.Keys.SelectMany(subscription => subscription.ReadLag())]);

    /// <summary>Gives up what is still consumed without settling what is in hand.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposing.IsCancellationRequested)
            return;
        await _disposing.CancelAsync();
        await Task.WhenAll(_subscriptions.Values).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _disposing.Dispose();
    }

    private MessageTooLargeException? Publish(OutgoingMessage outgoing)
    {
        var (topic, message) = outgoing;
        var attributes = new List<KeyValuePair<string, string>>();
        CloudEvents.Write(message, attributes, static (list, name, value) => list.Add(new(name, value)));
        var size = message.Body.Length + attributes.Sum(attribute => attribute.Key.Length + attribute.Value.Length);
        if (size > Capabilities.LargestMessageBytes)
            return new MessageTooLargeException(message.Id, size, Capabilities.LargestMessageBytes);
        _broker.Append(topic, message.PartitionKey, message.Id, attributes, message.Body);
        return null;
    }
}

/// <summary>Offers the in-memory transport.</summary>
public static class InMemoryRegistration
{
    /// <summary>
    /// Offers the transport <c>in-memory</c>, for unit tests; the topics live in the registered <see cref="InMemoryBroker"/>, or in
    /// one of this host's own.
    /// </summary>
    public static MessagingBuilder UseInMemory(this MessagingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddTransport("in-memory", services => new InMemoryTransport(
            services.GetService<InMemoryBroker>() ?? new InMemoryBroker(services.GetRequiredService<TimeProvider>()),
            services.GetRequiredService<TimeProvider>(),
            services.GetService<ILoggerFactory>()));
    }
}
