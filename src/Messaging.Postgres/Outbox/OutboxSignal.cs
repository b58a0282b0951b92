namespace Messaging.Postgres;

/// <summary>
/// Tells this process's relays, without a trip to the database, that a transaction has put something into the outbox.
/// A signal that is missed costs the polling interval, nothing else. Thread-safe.
/// </summary>
internal sealed class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim _ready = new(0);
    private readonly SemaphoreSlim _scheduled = new(0);
    private long _nextDue = long.MaxValue;

    /// <summary>There are rows to publish: one waiting relay goes to look.</summary>
    public void Ready() => Set(_ready);

    /// <summary>A row was written that is to be published at a time.</summary>
    public void Scheduled(DateTimeOffset due)
    {
        if (due.UtcTicks < Volatile.Read(ref _nextDue))
            Set(_scheduled);
    }

    /// <summary>Waits for <see cref="Ready"/>, for so long at most.</summary>
    public Task WaitForReadyAsync(TimeSpan atMost, CancellationToken cancellationToken) => _ready.WaitAsync(atMost, cancellationToken);

    /// <summary>Waits for a row that is due before the one that is known to be next, for so long at most.</summary>
    /// <param name="nextDue">When the next row is due that the caller knows of; null: it knows of none.</param>
    /// <param name="atMost">Give up waiting after this time.</param>
    /// <param name="cancellationToken">Gives up at once.</param>
    public async Task WaitForScheduledAsync(DateTimeOffset? nextDue, TimeSpan atMost, CancellationToken cancellationToken)
    {
        Volatile.Write(ref _nextDue, nextDue?.UtcTicks ?? long.MaxValue);
        try
        {
            await _scheduled.WaitAsync(atMost, cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _nextDue, long.MaxValue); // While the caller looks, whatever is scheduled may have come too late for it.
        }
    }

    public void Dispose()
    {
        _ready.Dispose();
        _scheduled.Dispose();
    }

    // Two that set it at once may let it through twice: one look too many.
    private static void Set(SemaphoreSlim signal)
    {
        if (signal.CurrentCount == 0)
            signal.Release();
    }
}
