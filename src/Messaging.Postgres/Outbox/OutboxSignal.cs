using Microsoft.Extensions.Options;

namespace Messaging.Postgres;

/// <summary>
/// Passes on within this process that something is in the outbox: to the relays, to the clock, and to the announcer, who tells the
/// other processes. A signal that is missed costs the polling interval, nothing else. Thread-safe.
/// </summary>
internal sealed class OutboxSignal(IOptions<OutboxOptions> options) : IDisposable
{
    private readonly bool _hasRelays = options.Value.Relays > 0;
    private readonly bool _wakesRelays = options.Value is { Relays: > 0, WakeUp: not OutboxWakeUp.None };
    private readonly bool _announces = options.Value.WakeUp == OutboxWakeUp.Notify;
    private readonly SemaphoreSlim _ready = new(0);
    private readonly SemaphoreSlim _scheduled = new(0);
    private readonly SemaphoreSlim _news = new(0);
    private long _nextDue = long.MaxValue;

    /// <summary>Names this process in what it tells others, so that it does not listen to itself.</summary>
    public string Sender { get; } = Guid.NewGuid().ToString("N");

    /// <summary>A transaction of this process has committed rows to publish.</summary>
    public void Ready()
    {
        if (_wakesRelays)
            Set(_ready);
        else if (_announces && !_hasRelays)
            Set(_news);
    }

    /// <summary>A transaction of this process has committed a row that is to be published at a time.</summary>
    /// <remarks>Announced even where this process has a clock: it may be gone by then, and another one's may not look in time.</remarks>
    public void Scheduled(DateTimeOffset due)
    {
        if (due.UtcTicks >= Volatile.Read(ref _nextDue))
            return;
        if (_wakesRelays)
            Set(_scheduled);
        if (_announces)
            Set(_news);
    }

    /// <summary>There are rows to publish, whoever wrote them: one waiting relay goes to look.</summary>
    public void WakeRelay() => Set(_ready);

    /// <summary>The clock goes to look.</summary>
    public void WakeClock() => Set(_scheduled);

    /// <summary>Waits for rows to publish, for so long at most. False when there was no signal.</summary>
    public Task<bool> WaitForReadyAsync(TimeSpan atMost, CancellationToken cancellationToken) => _ready.WaitAsync(atMost, cancellationToken);

    /// <summary>Waits for something that other processes should know. However much there was since the last time, it comes as one.</summary>
    public Task WaitForNewsAsync(CancellationToken cancellationToken) => _news.WaitAsync(cancellationToken);

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
        _news.Dispose();
    }

    // Two that set it at once may let it through twice: one look too many.
    private static void Set(SemaphoreSlim signal)
    {
        if (signal.CurrentCount == 0)
            signal.Release();
    }
}
