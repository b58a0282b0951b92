namespace Messaging.JetStream.Leases;

/// <summary>
/// The right to one partition, for a time. Without a renewal it ends by itself, before anyone else may claim it: its time is
/// counted from before the claim was sent. Thread-safe.
/// </summary>
internal sealed class Lease : IDisposable
{
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _releasing = new();
    private readonly CancellationTokenSource _ending;
    private readonly TimeSpan _duration;
    private readonly TimeProvider _time;
    private readonly Action _ask;
    private TaskCompletionSource _renewal = NewSignal();

    /// <summary>A lease that was claimed.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="revision">The revision of the claim.</param>
    /// <param name="sent">When the claim was sent.</param>
    /// <param name="duration">How long it is in force.</param>
    /// <param name="time">The clock of <paramref name="sent"/>.</param>
    /// <param name="ask">Asks for a renewal soon.</param>
    /// <param name="stopping">Makes it <see cref="Release"/>.</param>
    public Lease(int partition, ulong revision, long sent, TimeSpan duration, TimeProvider time, Action ask, CancellationToken stopping)
    {
        (Partition, _duration, _time, _ask) = (partition, duration, time, ask);
        _lost = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        _ending = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, _releasing.Token, stopping);
        Renew(revision, sent);
    }

    public int Partition { get; }

    /// <summary>The revision to renew or give back against.</summary>
    public ulong Revision { get; set; }

    /// <summary>Cancelled when the lease is no longer in force: nothing more must be settled.</summary>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Cancelled when the partition is to be given back, or is lost: nothing more must be begun.</summary>
    public CancellationToken Ending => _ending.Token;

    /// <summary>What is done with the partition.</summary>
    public Task Work { get; set; } = Task.CompletedTask;

    /// <summary>Prolongs the lease.</summary>
    /// <param name="revision">The revision of the renewal.</param>
    /// <param name="sent">When it was sent.</param>
    public void Renew(ulong revision, long sent)
    {
        Revision = revision;
        var left = _duration - _time.GetElapsedTime(sent);
        if (left <= TimeSpan.Zero)
        {
            // The process was stopped for so long between sending and now that somebody else may own it.
            Lose();
            return;
        }

        _lost.CancelAfter(left);
        Interlocked.Exchange(ref _renewal, NewSignal()).TrySetResult();
    }

    /// <summary>Completes with the next renewal. Who may have lost the lease without noticing waits for it.</summary>
    public Task RenewedAsync(CancellationToken cancellationToken)
    {
        var renewal = Volatile.Read(ref _renewal).Task;
        _ask();
        return renewal.WaitAsync(cancellationToken);
    }

    /// <summary>What is in hand is finished and settled, then the partition is given back.</summary>
    public void Release() => Cancel(_releasing);

    /// <summary>What is in hand is given up.</summary>
    public void Lose() => Cancel(_lost);

    /// <summary>Only after <see cref="Work"/> has ended.</summary>
    public void Dispose()
    {
        _ending.Dispose();
        _releasing.Dispose();
        _lost.Dispose();
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Given back at this very moment.
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
