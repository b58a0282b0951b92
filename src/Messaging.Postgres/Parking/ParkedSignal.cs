namespace Messaging.Postgres;

/// <summary>
/// Tells this process's retrier, without a trip to the database, that a parked message may be due. A signal that is missed costs
/// the polling interval, nothing else. Thread-safe.
/// </summary>
internal sealed class ParkedSignal : IDisposable
{
    private readonly SemaphoreSlim _set = new(0);

    /// <summary>Look. Any number of calls before it looks count as one.</summary>
    public void Set()
    {
        if (_set.CurrentCount == 0)
            _set.Release();
    }

    /// <summary>Waits for <see cref="Set"/>, for so long at most.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _set.WaitAsync(atMost, cancellationToken);

    public void Dispose() => _set.Dispose();
}
