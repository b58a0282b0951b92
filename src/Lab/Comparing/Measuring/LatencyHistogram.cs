using System.Diagnostics;
using System.Numerics;
using Lab.Comparing.Results;

namespace Lab.Comparing.Measuring;

/// <summary>
/// Counts durations in buckets that widen with the value, the log-linear layout that HdrHistogram is known for: from each power of two
/// to the next there are 128 of equal width. So a duration is told as itself or as at most 1/128 more, whatever its size, from a
/// nanosecond to 292 years: there is none that it would have to drop or to cut. Shortest, longest, count and mean are exact.
/// Any number of threads may record at once, without a lock; what it tells is whole once they have ended.
/// </summary>
internal sealed class LatencyHistogram
{
    private const int Bits = 7;
    private const int PerOctave = 1 << Bits;
    private const int Buckets = (64 - Bits) * PerOctave;
    private const long NanosecondsPerSecond = 1_000_000_000;
    private const double NanosecondsPerMillisecond = 1_000_000;

    private static readonly decimal[] Percentiles = [0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 99, 99.5m, 99.9m, 99.99m, 100];

    private readonly long[] _counts = new long[Buckets];
    private long _count;
    private long _sum; // Of nanoseconds: full after 292 years of them.
    private long _shortest = long.MaxValue;
    private long _longest;

    /// <summary>How many durations were recorded.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Records a duration between two timestamps of <see cref="Stopwatch"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It ends before it begins.</exception>
    public void Record(long from, long to)
    {
        var ticks = to - from;
        RecordNanoseconds(Stopwatch.Frequency == NanosecondsPerSecond ? ticks : (long)((Int128)ticks * NanosecondsPerSecond / Stopwatch.Frequency));
    }

    /// <summary>Records a duration.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void Record(TimeSpan duration) => RecordNanoseconds(checked(duration.Ticks * TimeSpan.NanosecondsPerTick));

    /// <summary>Records a duration in nanoseconds.</summary>
    /// <exception cref="ArgumentOutOfRangeException">It is negative.</exception>
    public void RecordNanoseconds(long duration)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(duration);
        Interlocked.Increment(ref _counts[BucketOf(duration)]);
        Interlocked.Add(ref _sum, duration);
        Reach(duration, duration);
        Interlocked.Increment(ref _count);
    }

    /// <summary>Adds everything that another one has recorded.</summary>
    public void Add(LatencyHistogram other)
    {
        ArgumentNullException.ThrowIfNull(other);
        if (other.Count == 0) return;
        for (var bucket = 0; bucket < Buckets; bucket++)
        {
            if (other._counts[bucket] is var count and not 0) Interlocked.Add(ref _counts[bucket], count);
        }

        Interlocked.Add(ref _sum, other._sum);
        Reach(other._shortest, other._longest);
        Interlocked.Add(ref _count, other.Count);
    }

    /// <summary>All of several.</summary>
    public static LatencyHistogram Of(IEnumerable<LatencyHistogram> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        var all = new LatencyHistogram();
        foreach (var part in parts) all.Add(part);
        return all;
    }

    /// <summary>The duration that this share of them, from 0 to 100, is not longer than, by nearest rank, in nanoseconds; 0 of none.</summary>
    public long At(decimal percentile)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(percentile);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(percentile, 100);
        var count = Count;
        if (count == 0) return 0;
        var rank = Math.Max(1, (long)Math.Ceiling(percentile * count / 100));
        if (rank == 1 && percentile == 0) return _shortest;
        var bucket = 0;
        for (var passed = _counts[0]; passed < rank; passed += _counts[bucket]) bucket++;
        return Math.Min(HighestOf(bucket), _longest);
    }

    /// <summary>What the report tells of it. The curve goes as far as the count allows: each of its points has at least one value beyond it.</summary>
    public Latency Summarize()
    {
        var count = Count;
        return count == 0 ? new Latency(0, 0, 0, 0, 0, 0, 0, []) : new Latency(
            count,
            Math.Round(_sum / (double)count / NanosecondsPerMillisecond, 6),
            Milliseconds(50),
            Milliseconds(90),
            Milliseconds(99),
            Milliseconds(99.9m),
            Milliseconds(100),
            [.. Percentiles.Where(IsTold).Select(percentile => new CurvePoint((double)percentile, Milliseconds(percentile)))]);

        bool IsTold(decimal percentile) => percentile is 0 or 100 || count * (100 - percentile) >= 100;
    }

    private double Milliseconds(decimal percentile) => At(percentile) / NanosecondsPerMillisecond;

    /// <summary>Up to 255 each value has its own bucket; from there on only the 8 highest bits that are not zero count.</summary>
    private static int BucketOf(long value)
    {
        var dropped = Math.Max(0, BitOperations.Log2((ulong)value) - Bits);
        return (dropped * PerOctave) + (int)(value >> dropped);
    }

    private static long HighestOf(int bucket)
    {
        var dropped = Math.Max(0, (bucket / PerOctave) - 1);
        return ((bucket - (dropped * PerOctave) + 1L) << dropped) - 1;
    }

    private void Reach(long shortest, long longest)
    {
        for (var known = Volatile.Read(ref _shortest); shortest < known;)
        {
            var seen = Interlocked.CompareExchange(ref _shortest, shortest, known);
            if (seen == known) break;
            known = seen;
        }

        for (var known = Volatile.Read(ref _longest); longest > known;)
        {
            var seen = Interlocked.CompareExchange(ref _longest, longest, known);
            if (seen == known) break;
            known = seen;
        }
    }
}
