namespace ServiceDefaults.Prometheus;

/// <summary>One time series of a metric; safe for recording by many threads.</summary>
internal abstract class Series(string labels)
{
    /// <summary>The rendered labels, without braces; empty when there are none.</summary>
    public string Labels { get; } = labels;
}

/// <summary>A number that is added to or replaced.</summary>
internal sealed class ValueSeries(string labels) : Series(labels)
{
    private double _value;

    public double Value => Volatile.Read(ref _value);

    public void Set(double value) => Volatile.Write(ref _value, value);

    public void Add(double delta)
    {
        var seen = Volatile.Read(ref _value);
        while (true)
        {
            var before = Interlocked.CompareExchange(ref _value, seen + delta, seen);
            if (BitConverter.DoubleToInt64Bits(before) == BitConverter.DoubleToInt64Bits(seen)) return;
            seen = before;
        }
    }
}

/// <summary>A distribution over fixed upper bounds.</summary>
internal sealed class HistogramSeries(string labels, double[] bounds) : Series(labels)
{
    private readonly Lock _lock = new();
    private readonly long[] _counts = new long[bounds.Length + 1];
    private double _sum;

    public void Record(double value)
    {
        if (double.IsNaN(value)) return;
        var bucket = Array.BinarySearch(bounds, value);
        if (bucket < 0) bucket = ~bucket;
        lock (_lock)
        {
            _counts[bucket]++;
            _sum += value;
        }
    }

    /// <summary>The count of each bucket (the last is above every bound) and the sum, of one moment.</summary>
    public (long[] Counts, double Sum) Read()
    {
        lock (_lock) return ([.. _counts], _sum);
    }
}
