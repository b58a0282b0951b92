using Messaging;

namespace Compliance;

/// <summary>A running subscription whose deliveries are recorded. Stopping it waits until the transport has settled and returned.</summary>
internal sealed class Consumption : IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _stopping = new();
    private readonly List<PartitionBatch> _handled = [];
    private readonly Task _running;
    private TaskCompletionSource _changed = NewSignal();

    private Consumption(ITransport transport, Subscription subscription, PartitionHandler handler)
    {
        _running = transport.ConsumeAsync(subscription, RecordAsync, _stopping.Token);

        async Task RecordAsync(PartitionBatch batch, CancellationToken cancellationToken)
        {
            await handler(batch, cancellationToken);
            TaskCompletionSource changed;
            lock (_handled)
            {
                _handled.Add(batch);
                (changed, _changed) = (_changed, NewSignal());
            }

            changed.SetResult();
        }
    }

    /// <summary>The batches whose handler has returned, in the order they did.</summary>
    public IReadOnlyList<PartitionBatch> Batches
    {
        get
        {
            lock (_handled)
                return [.. _handled];
        }
    }

    public IReadOnlyList<Delivery> Deliveries => [.. Batches.SelectMany(batch => batch.Deliveries)];

    public Task Running => _running;

    public static Consumption Start(ITransport transport, Subscription subscription, PartitionHandler? handler = null) =>
        new(transport, subscription, handler ?? ((_, _) => Task.CompletedTask));

    /// <summary>Waits until at least <paramref name="count"/> messages have been handled.</summary>
    public async Task<IReadOnlyList<Delivery>> HandledAsync(int count)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        while (true)
        {
            Task changed;
            lock (_handled)
                changed = _changed.Task;
            if (Deliveries is var deliveries && deliveries.Count >= count)
                return deliveries;
            if (await Task.WhenAny(changed, _running).WaitAsync(deadline.Token) == _running)
            {
                await _running;
                throw new InvalidOperationException($"The subscription ended after {Deliveries.Count} of {count} messages.");
            }
        }
    }

    /// <summary>When this returns the transport knows; when its task ends the transport has returned.</summary>
    public Task StopAsync()
    {
        _stopping.Cancel();
        return _running.WaitAsync(Deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _running.WaitAsync(Deadline).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>A door that handlers wait at until the test opens it.</summary>
internal sealed class Gate
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Somebody waits at the gate.</summary>
    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Open() => _open.TrySetResult();

    public Task PassAsync(CancellationToken cancellationToken)
    {
        _reached.TrySetResult();
        return _open.Task.WaitAsync(cancellationToken);
    }
}
