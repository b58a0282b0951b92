using System.Diagnostics;

namespace Standins.NATS.Client.Core;

/// <summary>PING and PONG: round trips for callers, and the probe that finds a dead connection.</summary>
public sealed partial class NatsConnection
{
    private const int MaxUnanswered = 2;

    private readonly Queue<TaskCompletionSource> _pings = new();
    private int _unanswered;

    /// <inheritdoc />
    public async ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default)
    {
        await WaitForOpenAsync(cancellationToken);
        return await PingCoreAsync(cancellationToken);
    }

    private async Task<TimeSpan> PingCoreAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var answered = NewSignal();
        lock (_pings)
        {
            _pings.Enqueue(answered);
            _writer.Enqueue("PING\r\n"u8);
        }

        await answered.Task.WaitAsync(cancellationToken);
        return Stopwatch.GetElapsedTime(started);
    }

    private void OnPong()
    {
        Volatile.Write(ref _unanswered, 0);
        lock (_pings)
        {
            if (_pings.TryDequeue(out var answered))
                answered.TrySetResult();
        }
    }

    private void CancelPings()
    {
        Volatile.Write(ref _unanswered, 0);
        lock (_pings)
        {
            while (_pings.TryDequeue(out var answered))
                answered.TrySetCanceled();
        }
    }

    private async Task ProbeAsync(CancellationToken cancellationToken)
    {
        if (Opts.PingInterval <= TimeSpan.Zero)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            return;
        }

        using var timer = new PeriodicTimer(Opts.PingInterval);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            if (Interlocked.Increment(ref _unanswered) > MaxUnanswered)
                throw new TimeoutException($"{MaxUnanswered} pings unanswered");

            lock (_pings)
            {
                _pings.Enqueue(NewSignal());
                _writer.Enqueue("PING\r\n"u8);
            }
        }
    }
}
