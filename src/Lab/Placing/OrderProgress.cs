namespace Lab.Placing;

/// <summary>How far the orders of a run are; written by many orders, read by the display.</summary>
internal sealed class OrderProgress(int orders, TimeProvider clock)
{
    private readonly long _began = clock.GetTimestamp();
    private int _placed;
    private int _ended;
    private long _firstEnd;
    private long _lastEnd = clock.GetTimestamp();

    public int Orders { get; } = orders;

    public int Placed => Volatile.Read(ref _placed);

    public int Ended => Volatile.Read(ref _ended);

    /// <summary>How long after the beginning the first order ended; null before.</summary>
    public TimeSpan? FirstEnd => Interlocked.Read(ref _firstEnd) is var first and not 0 ? clock.GetElapsedTime(_began, first) : null;

    /// <summary>How long ago the last order ended, or the run began.</summary>
    public TimeSpan SinceLastEnd => clock.GetElapsedTime(Interlocked.Read(ref _lastEnd));

    public void OrderPlaced() => Interlocked.Increment(ref _placed);

    public void OrderEnded()
    {
        var now = clock.GetTimestamp();
        Interlocked.CompareExchange(ref _firstEnd, now, 0);
        Interlocked.Exchange(ref _lastEnd, now);
        Interlocked.Increment(ref _ended);
    }
}
