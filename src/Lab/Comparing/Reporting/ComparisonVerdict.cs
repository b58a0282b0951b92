using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>
/// What a comparison comes to, in three sentences that are computed from its data and from nothing else: how much is carried, how
/// long it takes, and what it costs. An embedded broker is never ranked, and nobody is where durability is not equal.
/// </summary>
internal sealed partial class ComparisonVerdict
{
    // Of fewer, that their ranges do not meet says little: chance alone brings that about for one pair in three of two each.
    private const int LeastRepeats = 3;

    // A percentile is told within one per cent, so two of them may differ by twice that and be the same.
    private const double Exactness = 0.02;

    // Who carries more is asked for more: latencies at rates further apart than this are not set against each other.
    private const double MostUnequal = 1.05;

    private readonly Comparison _comparison;
    private readonly TransportResult[] _comparable;
    private readonly bool _isRanked;

    private ComparisonVerdict(Comparison comparison)
    {
        _comparison = comparison;
        _comparable = [.. comparison.Transports.Where(transport => transport.IsComparable)];
        _isRanked = comparison.IsDurabilityEqual;
    }

    /// <summary>The three sentences.</summary>
    public static IReadOnlyList<string> Of(Comparison comparison)
    {
        var verdict = new ComparisonVerdict(comparison);
        return [verdict.Capacity(), verdict.Time(), verdict.Cost()];
    }

    private string Capacity()
    {
        var readings = _comparison.Transports.Select(CapacityReading.Of).ToArray();
        var ranked = readings.Where(reading => reading.Counts).OrderByDescending(reading => reading.Sustained).ToArray();
        var others = readings.Where(reading => !reading.Counts).Select(WhyNot).ToArray();
        var rest = others.Length == 0 ? "" : $"; {string.Join("; ", others)}";
        var limit = _comparison.Transports.Select(transport => transport.Flow?.Limit).FirstOrDefault(text => !string.IsNullOrWhiteSpace(text));
        var under = limit is null ? "Under the limit" : $"Under the limit ({CapacityReading.Trimmed(limit)})";
        if (ranked.Length == 0) return $"There is no capacity to tell{(others.Length == 0 ? ": nothing was measured" : $": {string.Join("; ", others)}")}.";
        if (ranked.Length == 1)
        {
            var alone = _comparison.Transports.Count == 1 ? "; nothing was measured beside it" : "";
            return $"{under} {Figures.NameOf(ranked[0].Transport)} carried {ranked[0]} orders/s{alone}{rest}.";
        }

        if (!_isRanked)
            return $"{under} {Listed(ranked)}; they are not ranked, for their durability is not equal (see the warnings){rest}.";
        return $"{under} {Ranking(ranked)}{rest}.";
    }

    private static string Ranking(CapacityReading[] ranked)
    {
        var best = ranked[0];
        var others = ranked[1..];
        var few = ranked.Where(reading => reading.Searches is not { Repeats: >= LeastRepeats }).Select(reading => Figures.NameOf(reading.Transport)).ToArray();
        if (few.Length > 0)
            return $"{Listed(ranked)}; they are not ranked, for fewer than {LeastRepeats} searches on {Figures.Joined(few)} say too little of their spread";
        var differences = others.Select(best.Over).ToArray();
        if (differences.All(difference => difference == CapacityDifference.More))
        {
            var beside = others.Select(other => $"{(best.Missed is null ? "at least " : "")}{Figures.Ratio(best.Sustained / other.Sustained)} times the {other} of {Figures.NameOf(other.Transport)}");
            return $"{Figures.NameOf(best.Transport)} carried {best} orders/s, {Figures.Joined([.. beside])}";
        }

        if (differences.Contains(CapacityDifference.Unknown))
        {
            var open = ranked.Where(reading => reading.Missed is null).Select(reading => Figures.NameOf(reading.Transport)).ToArray();
            return $"{Listed(ranked)}; they are not ranked, for the limit of {Figures.Joined(open)} was not found";
        }

        var close = ranked.Select(reading => $"{reading} orders/s on {Figures.NameOf(reading.Transport)} (not {Figures.Of(reading.Missed)})");
        return $"there is no difference to speak of: {Figures.Joined([.. close])}";
    }

    private static string Listed(IEnumerable<CapacityReading> readings) =>
        Figures.Joined([.. readings.Select(reading => $"{Figures.NameOf(reading.Transport)} carried {reading} orders/s")]);

    private static string WhyNot(CapacityReading reading) => reading.Transport.IsComparable
        ? $"{Figures.NameOf(reading.Transport)} {reading.Reason}"
        : $"{Figures.NameOf(reading.Transport)} is not ranked, for its broker is embedded ({Figures.EmbeddedMark})";

    private static bool IsSame(Spread one, Spread other) =>
        one.Least <= other.Most * (1 + Exactness) && other.Least <= one.Most * (1 + Exactness);
}
