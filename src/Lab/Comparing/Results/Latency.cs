namespace Lab.Comparing.Results;

/// <summary>What a histogram of durations tells, in milliseconds. Every value that was recorded counts: nothing is dropped.</summary>
/// <param name="Count">How many values.</param>
/// <param name="Mean">Their mean.</param>
/// <param name="P50">The median.</param>
/// <param name="P90">The 90th percentile.</param>
/// <param name="P99">The 99th percentile.</param>
/// <param name="P999">The 99.9th percentile.</param>
/// <param name="Max">The longest, exactly.</param>
/// <param name="Curve">The percentile curve, from the shortest to the longest.</param>
internal sealed record Latency(
    long Count, double Mean, double P50, double P90, double P99, double P999, double Max, IReadOnlyList<CurvePoint> Curve);

/// <summary>A point of a percentile curve.</summary>
/// <param name="Percentile">From 0 to 100.</param>
/// <param name="Milliseconds">This share of the values is not longer than this, within 1 %.</param>
internal sealed record CurvePoint(double Percentile, double Milliseconds);

/// <summary>One figure over the repeats of a measurement.</summary>
/// <param name="Median">The median of the repeats.</param>
/// <param name="Least">The least of them.</param>
/// <param name="Most">The most of them.</param>
/// <param name="Repeats">How many there are.</param>
internal sealed record Spread(double Median, double Least, double Most, int Repeats)
{
    /// <summary>The spread of some values; null of none.</summary>
    public static Spread? Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        if (sorted.Length == 0) return null;
        var middle = sorted.Length / 2;
        var median = sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        return new Spread(median, sorted[0], sorted[^1], sorted.Length);
    }
}
