using System.Net.Sockets;

namespace Lab;

/// <summary>
/// Repeats what a restarting service or server interrupts. The lab outlives the faults of the system it watches, within
/// bounds, and then says what it was waiting for.
/// </summary>
/// <param name="clock">Measures the waits.</param>
/// <param name="limit">How long one action may fail before the lab gives up.</param>
internal sealed class Patience(TimeProvider clock, TimeSpan limit)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    /// <summary>Runs <paramref name="action"/> until it succeeds.</summary>
    /// <param name="doing">What it does, for the message.</param>
    /// <param name="action">The action; it may run many times.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="LabException">It kept failing for the whole limit.</exception>
    public async Task<T> KeepTryingAsync<T>(
        string doing, Func<CancellationToken, Task<T>> action, CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        for (var pause = FirstPause; ; pause = Min(pause * 2, LongestPause))
        {
            try
            {
                return await action(cancellationToken);
            }
            catch (Exception failure) when (IsPassing(failure) && !cancellationToken.IsCancellationRequested)
            {
                if (clock.GetElapsedTime(began) > limit)
                {
                    throw new LabException($"{doing}: still failing after {limit.TotalSeconds:0} s: {failure.Message}", failure);
                }
            }

            await Task.Delay(pause, clock, cancellationToken);
        }
    }

    // A connection that breaks, an answer that does not come (HttpClient's time-out is a cancellation), a server starting up.
    private static bool IsPassing(Exception failure) => failure switch
    {
        HttpRequestException or IOException or SocketException or TimeoutException or TaskCanceledException => true,
        Npgsql.PostgresException { SqlState: Npgsql.PostgresErrorCodes.AdminShutdown or Npgsql.PostgresErrorCodes.CrashShutdown } => true,
        Npgsql.PostgresException { IsTransient: true } => true, // starting up, too many sessions, a lock not got in time
        Npgsql.PostgresException => false,
        Npgsql.NpgsqlException => true,
        _ => false,
    };

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
