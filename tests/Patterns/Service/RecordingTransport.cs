using System.Collections.Concurrent;
using Messaging;

namespace Patterns;

/// <summary>
/// The port as seen by the relay: remembers what it acknowledged, in order, and can be told to misbehave. What it takes goes on to
/// the transport behind it, if there is one, and consuming is that one's affair.
/// </summary>
public sealed class RecordingTransport(ITransport? behind = null) : ITransport
{
    private readonly Lock _lock = new();
    private readonly List<OutgoingMessage> _arrived = [];

    public string Name => "recording";

    /// <summary>What becomes of each batch; the default acknowledges all.</summary>
    public Func<IReadOnlyList<OutgoingMessage>, CancellationToken, Task<PublishOutcome>>? OnPublish { get; set; }

    /// <summary>How often each batch is handed over, as after a crash before it was settled.</summary>
    public int Deliveries { get; init; } = 1;

    /// <summary>When each message arrived for the first time.</summary>
    public ConcurrentDictionary<string, DateTimeOffset> ArrivedAt { get; } = new(StringComparer.Ordinal);

    public TransportCapabilities Capabilities { get; } = new()
    {
        Order = OrderScope.Partition,
        DeduplicationWindow = TimeSpan.Zero,
        DelayedDelivery = false,
        ReplayByPosition = false,
        ReplayByTime = false,
        FiltersByType = false,
        Transactions = false,
        Durable = false,
        FsyncBeforeAcknowledge = false,
        LargestMessageBytes = 1024 * 1024,
    };

    /// <summary>Every message that arrived, repeats included, in the order of arrival.</summary>
    public IReadOnlyList<Message> Arrived
    {
        get
        {
            lock (_lock)
                return [.. _arrived.Select(outgoing => outgoing.Message)];
        }
    }

    /// <summary>The numbers of one key's messages in the order in which each arrived first.</summary>
    public IReadOnlyList<int> NumbersOf(string key) =>
        [.. Arrived.Where(message => message.PartitionKey == key).DistinctBy(message => message.Id).Select(Messages.NumberOf)];

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) =>
        behind?.EnsureTopicsAsync(topics, cancellationToken) ?? Task.CompletedTask;

    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        var outcome = OnPublish is { } onPublish ? await onPublish(batch, cancellationToken) : PublishOutcome.AllAcknowledged;
        var failed = outcome.Failures.Select(failure => failure.Index).ToHashSet();
        OutgoingMessage[] taken = [.. batch.Where((_, index) => !failed.Contains(index))];
        Take(taken);
        if (behind is not null)
            await behind.PublishAsync(taken, cancellationToken);
        return outcome;
    }

    /// <summary>The broker has these.</summary>
    public void Take(IReadOnlyList<OutgoingMessage> messages)
    {
        var now = DateTimeOffset.UtcNow;
        foreach (var message in messages)
            ArrivedAt.TryAdd(message.Message.Id, now);
        lock (_lock)
            _arrived.AddRange(messages);
    }

    public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        behind?.ConsumeAsync(subscription, (batch, token) => DeliverAsync(handler, batch, token), stopping)
        ?? throw new NotSupportedException("It is there to publish to.");

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task DeliverAsync(PartitionHandler handler, PartitionBatch batch, CancellationToken cancellationToken)
    {
        for (var delivery = 0; delivery < Deliveries; delivery++)
            await handler(batch, cancellationToken);
    }
}
