using System.Diagnostics;
using Messaging.Kafka;

namespace Lab.Comparing.Measuring;

/// <summary>
/// Sends at a fixed rate whatever becomes of what was sent before. Each send has a time it is meant for, start + index × interval, and
/// none is skipped: what a late wake-up missed is sent at once, and how late it was is on record. Latencies count from the intended
/// time; else a system that holds the sender up would hide its own pauses.
/// </summary>
/// <param name="perSecond">The rate.</param>
/// <param name="warmUp">How many sends at the beginning do not go on record.</param>
internal sealed class OpenLoop(double perSecond, int warmUp = 0)
{
    // The shortest that threads wait. What is due by then is sent in one go, so the rate does not hang on it.
    private static readonly TimeSpan WakeUp = TimeSpan.FromMilliseconds(1);

    private readonly double _interval = perSecond > 0 ? Stopwatch.Frequency / perSecond : throw new ArgumentOutOfRangeException(nameof(perSecond), perSecond, "It is above 0.");

    /// <summary>How late each send was: the generator's own delay.</summary>
    public LatencyHistogram Delay { get; } = new();

    /// <summary>Sends as many as asked for, on a thread of its own; returns when the last was sent.</summary>
    /// <remarks>
    /// .NET's timers go by a clock that moves with the kernel's tick, every 4 ms on most Linux, and their wake-ups queue behind the load's
    /// own work for a thread of the pool. Both would be on record as the generator's delay; a thread that waits by itself has neither.
    /// </remarks>
    /// <param name="count">How many.</param>
    /// <param name="send">
    /// Begins to send one and does not wait for its end: gets its index and the time it was meant for, a timestamp of
    /// <see cref="Stopwatch"/>. Called one after the other. What it throws ends the loop.
    /// </param>
    /// <param name="cancellationToken">Ends it before the last.</param>
    public Task RunAsync(int count, Action<int, long> send, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentNullException.ThrowIfNull(send);
        return DedicatedThread.RunAsync("load", () => Run(count, send, cancellationToken));
    }

    private void Run(int count, Action<int, long> send, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        for (var index = 0; index < count; index++)
        {
            var intended = began + (long)(index * _interval);
            var now = Stopwatch.GetTimestamp();
            while (now < intended && !cancellationToken.WaitHandle.WaitOne(WakeUp))
                now = Stopwatch.GetTimestamp();

            cancellationToken.ThrowIfCancellationRequested();
            if (index >= warmUp) Delay.Record(intended, now);
            send(index, intended);
        }
    }
}
