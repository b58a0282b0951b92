using Lab.Comparing.Measuring;
using Lab.Comparing.Results;

namespace Lab.Comparing.Transports;

/// <summary>Merges the repeats of a case.</summary>
internal static class LaneRows
{
    private const int Digits = 2;

    /// <summary>The row of a case: histograms hold the values of all repeats, rates and costs are medians of them.</summary>
    /// <exception cref="ArgumentException">There is no repeat.</exception>
    public static LaneRow Of(LaneCase measured, IReadOnlyList<LaneSample> samples)
    {
        ArgumentNullException.ThrowIfNull(measured);
        if (samples is not { Count: > 0 }) throw new ArgumentException("A row takes at least one repeat.", nameof(samples));
        var endToEnd = Merge(samples, sample => sample.EndToEnd);
        var delay = Merge(samples, sample => sample.PublishDelay);
        return new LaneRow(measured.Scenario, measured.Through, measured.Bytes, measured.Partitions, measured.Consumers, measured.Groups)
        {
            Messages = samples.Min(sample => sample.Messages),
            PerSecond = Spread.Of(samples.Select(sample => Math.Round(sample.PerSecond, 1)))!,
            PublishDelay = delay,
            Publish = Merge(samples, sample => sample.Publish),
            EndToEnd = endToEnd,
            ClientMicroseconds = Median(samples, sample => sample.ClientMicroseconds),
            BrokerMicroseconds = Median(samples, sample => sample.BrokerMicroseconds),
            Refused = Disturbed(samples) ?? Late(samples),
        };
    }

    private static string? Disturbed(IReadOnlyList<LaneSample> samples) =>
        samples.Sum(sample => sample.Repeated) is var repeated and > 0 ? $"{repeated} messages came twice: partitions changed hands meanwhile" : null;

    // Of each repeat by itself: one that was late would hide among those that were not.
    private static string? Late(IReadOnlyList<LaneSample> samples) => samples
        .Select(sample => sample is { PublishDelay: { } late, EndToEnd: { } measured } ? GeneratorRule.Broken(late.Summarize(), measured.Summarize()) : null)
        .FirstOrDefault(broken => broken is not null);

    private static Latency? Merge(IReadOnlyList<LaneSample> samples, Func<LaneSample, LatencyHistogram?> of) =>
        samples.Select(of).OfType<LatencyHistogram>().ToList() is { Count: > 0 } parts ? LatencyHistogram.Of(parts).Summarize() : null;

    // Of all repeats or of none.
    private static double? Median(IReadOnlyList<LaneSample> samples, Func<LaneSample, double?> of) =>
        samples.All(sample => of(sample) is not null) ? Math.Round(Spread.Of(samples.Select(sample => of(sample)!.Value))!.Median, Digits) : null;
}
