using Messaging;

namespace Lab.Benching.Relays;

/// <summary>A broker that takes everything at once: what is left is the relay and the database.</summary>
internal sealed class NullTransport : ITransport
{
    public string Name => "null";

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
        LargestMessageBytes = int.MaxValue,
    };

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken) =>
        Task.FromResult(PublishOutcome.AllAcknowledged);

    public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        throw new NotSupportedException("It is there to publish to.");

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
