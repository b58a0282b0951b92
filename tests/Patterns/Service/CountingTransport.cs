using Messaging;

namespace Patterns;

/// <summary>A broker that takes everything and remembers only how much.</summary>
public sealed class CountingTransport : ITransport
{
    private int _count;

    public string Name => "counting";

    public int Count => Volatile.Read(ref _count);

    public TransportCapabilities Capabilities => throw new NotSupportedException("Nobody asks.");

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => Task.CompletedTask;

    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        Interlocked.Add(ref _count, batch.Count);
        return Task.FromResult(PublishOutcome.AllAcknowledged);
    }

    public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        throw new NotSupportedException("It is there to publish to.");

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
