using Messaging;

namespace Lab.Benching.Relays;

/// <summary>Holds all publishing back until it is opened, and counts what the transport behind it has acknowledged.</summary>
/// <param name="behind">Not disposed with it.</param>
/// <param name="expected">How many messages are to come.</param>
internal sealed class GatedTransport(ITransport behind, int expected) : ITransport
{
    private readonly TaskCompletionSource _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _acknowledged;

    public string Name => behind.Name;

    public TransportCapabilities Capabilities => behind.Capabilities;

    /// <summary>Completes when a first batch waits at the gate.</summary>
    public Task Waiting => _waiting.Task;

    /// <summary>Completes when as many messages as expected are acknowledged.</summary>
    public Task Done => _done.Task;

    /// <summary>How many messages are acknowledged, repeats included.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    public void Open() => _open.TrySetResult();

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) =>
        behind.EnsureTopicsAsync(topics, cancellationToken);

    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        _waiting.TrySetResult();
        await _open.Task.WaitAsync(cancellationToken);
        var outcome = await behind.PublishAsync(batch, cancellationToken);
        if (Interlocked.Add(ref _acknowledged, batch.Count - outcome.Failures.Count) >= expected) _done.TrySetResult();
        return outcome;
    }

    public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        behind.ConsumeAsync(subscription, handler, stopping);

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => behind.GetLagAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
