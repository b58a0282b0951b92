using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// What a relay says when it cannot do its work, and how long it pauses then: one line per change of state, whichever of a
/// process's relays sees it first. Thread-safe.
/// </summary>
internal sealed partial class RelayFailures(OutboxOptions options, TimeProvider time, ILogger logger)
{
    /// <summary>The pause after a first failure.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    private const int Nothing = 0;
    private const int Database = 1;
    private const int Broker = 2;

    private int _failing = Nothing;

    /// <summary>Something went wrong.</summary>
    public void Failed(Exception exception)
    {
        var what = exception is NpgsqlException ? Database : Broker;
        if (Interlocked.CompareExchange(ref _failing, what, Nothing) == Nothing)
            LogFailing(exception, exception.Message);
    }

    /// <summary>The database has answered and, when <paramref name="published"/>, so has the broker: an empty outbox proves nothing about that.</summary>
    public void Recovered(bool published)
    {
        var was = published ? Interlocked.Exchange(ref _failing, Nothing) : Interlocked.CompareExchange(ref _failing, Nothing, Database);
        if (was == Database || (published && was == Broker))
            LogRecovered();
    }

    /// <summary>Pauses, half of the time at random: relays that failed together do not come back together.</summary>
    /// <returns>How long to pause if it fails again.</returns>
    public async Task<TimeSpan> PauseAsync(TimeSpan pause, CancellationToken stopping)
    {
        var jittered = pause * (0.5 + (Random.Shared.NextDouble() / 2));
        await Task.Delay(jittered, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return pause * 2 < options.MaxPause ? pause * 2 : options.MaxPause;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox relay cannot publish and keeps trying: {Reason}")]
    private partial void LogFailing(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "The outbox relay works again")]
    private partial void LogRecovered();
}
