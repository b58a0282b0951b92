namespace Lab.Networking;

/// <summary>
/// What the bytes of a link meet. Several of a kind may hold at once: the longest delay, the narrowest bandwidth, and stalled, refused or
/// dropped as long as one of them holds. Thread-safe.
/// </summary>
internal sealed class LinkWeather(TimeProvider clock)
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly List<TimeSpan> _delays = [];
    private readonly List<int> _bandwidths = [];
    private readonly List<LinkDirections> _stalls = [];
    private readonly long[] _freeAt = new long[2];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _refusing;
    private int _dropping;
    private int _resets;

    /// <summary>New connections are refused.</summary>
    public bool IsRefusing => Volatile.Read(ref _refusing) > 0;

    /// <summary>Answers are dropped.</summary>
    public bool IsDroppingAnswers => Volatile.Read(ref _dropping) > 0;

    /// <summary>How many connections broke in the middle of something.</summary>
    public int Resets => Volatile.Read(ref _resets);

    public void CountReset() => Interlocked.Increment(ref _resets);

    public IDisposable Delay(TimeSpan delay) => Hold(_delays, delay);

    public IDisposable Narrow(int bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        return Hold(_bandwidths, bytesPerSecond);
    }

    public IDisposable Stall(LinkDirections directions) => Hold(_stalls, directions);

    public IDisposable Refuse()
    {
        Interlocked.Increment(ref _refusing);
        return new Ending(() => Interlocked.Decrement(ref _refusing));
    }

    public IDisposable DropAnswers()
    {
        Interlocked.Increment(ref _dropping);
        return new Ending(() => Interlocked.Decrement(ref _dropping));
    }

    /// <summary>Waits as long as bytes have to before they may go on.</summary>
    public async Task PassAsync(LinkDirections direction, int bytes, CancellationToken cancellationToken)
    {
        if (DelayNow() is var delay && delay > TimeSpan.Zero) await Task.Delay(delay, clock, cancellationToken);
        await QueueAsync(direction, bytes, cancellationToken);
        while (IsStalled(direction, out var change)) await change.WaitAsync(cancellationToken);
    }

    // Narrow: each chunk occupies the line for as long as its bytes take, behind the chunks before it.
    private async Task QueueAsync(LinkDirections direction, int bytes, CancellationToken cancellationToken)
    {
        long until;
        lock (_lock)
        {
            if (_bandwidths.Count == 0) return;
            ref var free = ref _freeAt[direction == LinkDirections.Requests ? 0 : 1];
            free = Math.Max(free, clock.GetTimestamp()) + (long)(bytes / (double)_bandwidths.Min() * clock.TimestampFrequency);
            until = free;
        }

        // In short steps: when the line is wide again, nobody waits out what was left.
        while (clock.GetElapsedTime(clock.GetTimestamp(), until) is var left && left > TimeSpan.Zero && IsNarrow())
            await Task.Delay(left < LongestPause ? left : LongestPause, clock, cancellationToken);
    }

    private bool IsNarrow()
    {
        lock (_lock)
        {
            if (_bandwidths.Count == 0) Array.Clear(_freeAt);
            return _bandwidths.Count > 0;
        }
    }

    private TimeSpan DelayNow()
    {
        lock (_lock) return _delays.Count == 0 ? TimeSpan.Zero : _delays.Max();
    }

    private bool IsStalled(LinkDirections direction, out Task change)
    {
        lock (_lock)
        {
            change = _changed.Task;
            return _stalls.Exists(stalled => stalled.HasFlag(direction));
        }
    }

    private Ending Hold<T>(List<T> held, T one)
    {
        lock (_lock) held.Add(one);
        return new Ending(() =>
        {
            TaskCompletionSource changed;
            lock (_lock)
            {
                held.Remove(one);
                changed = _changed;
                _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            changed.TrySetResult();
        });
    }
}
