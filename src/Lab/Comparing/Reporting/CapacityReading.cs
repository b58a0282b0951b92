using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>What the searches for a transport's capacity came to: between which rates it lies.</summary>
/// <param name="Transport">Whose it is.</param>
/// <param name="Sustained">The most orders per second that were sustained; null when none was, or none counts.</param>
/// <param name="Searches">The same of each search that came to its end, 0 where none was; null when there is only the figure.</param>
/// <param name="Missed">The rate at which the last search failed too; null when one did not get so far.</param>
/// <param name="Reason">Why there is no capacity, to be said behind the transport's name; null when there is one.</param>
internal sealed record CapacityReading(TransportResult Transport, double? Sustained, Spread? Searches, double? Missed, string? Reason)
{
    /// <summary>Whether it may stand beside another's.</summary>
    public bool Counts => Sustained is not null && Transport.IsComparable;

    // What every search found to be carried, and so what is carried for sure.
    private double Least => Math.Min(Sustained ?? 0, Searches?.Least ?? double.MaxValue);

    /// <summary>Reads what was found.</summary>
    public static CapacityReading Of(TransportResult transport)
    {
        if (transport.Flow is not { } flow) return Without(transport, "was not measured");
        var counting = flow.Runs.Where(run => !run.IsRefused || run.IsIncomplete).ToArray();
        var refused = flow.Runs.FirstOrDefault(run => run.IsRefused)?.Because ?? "the generator was the bottleneck";
        if (counting.Length == 0) return Without(transport, flow.Runs.Count == 0 ? "was not measured" : $"has no run that counts ({Trimmed(refused)})");
        var searches = counting.Where(run => run.Phase == FlowPhases.Ramp && flow.Searched.Contains(run.Repeat)).GroupBy(run => run.Repeat).Select(runs => SearchOf([.. runs])).ToArray();
        if (searches.Length == 0 && counting.Where(run => run.Phase == FlowPhases.Ramp && run.IsSustained).Select(run => run.Offered).DefaultIfEmpty().Max() is var reached and > 0)
            return Without(transport, $"was not searched to its end: at least {Figures.Of(reached)} orders/s");
        if (flow.Capacity is not { } capacity || !double.IsFinite(capacity))
        {
            return Without(transport, searches.Length == 0
                ? "was not measured up to its capacity" : $"did not keep the limit at any rate, down to {Figures.Of(searches.Min(search => search.Missed))} orders/s");
        }

        return new CapacityReading(
            transport, capacity, Spread.Of(searches.Select(search => search.Sustained ?? 0)),
            searches.Length == 0 || searches.Any(search => search.Missed is null) ? null : searches.Max(search => search.Missed), Reason: null);
    }

    /// <summary>How this one stands to another that sustained no more.</summary>
    public CapacityDifference Over(CapacityReading other) =>
        other.Missed is not { } missed ? CapacityDifference.Unknown
        : missed <= Least ? CapacityDifference.More
        : Missed is null ? CapacityDifference.Unknown
        : CapacityDifference.None;

    /// <summary>The rate, and how sure it is.</summary>
    public override string ToString() => Sustained is null ? Figures.None
        : Missed is null ? $"at least {Figures.Of(Sustained)}"
        : Figures.Of(Sustained);

    /// <summary>The rate, and from where to where the searches went.</summary>
    public string WithSpread() => Searches is { Repeats: > 1 } searches ? $"{this} ({Figures.Of(searches.Least)}–{Figures.Of(searches.Most)})" : ToString();

    /// <summary>A clause without its full stop.</summary>
    public static string Trimmed(string sentence) => sentence.Trim().TrimEnd('.');

    // A rate that failed ends a search only when none above it was sustained later.
    private static (double? Sustained, double? Missed) SearchOf(IReadOnlyList<FlowRun> runs)
    {
        var sustained = runs.Where(run => run.IsSustained).Select(run => (double?)run.Offered).Max();
        return (sustained, runs.Where(run => !run.IsSustained && run.Offered > (sustained ?? 0)).Select(run => (double?)run.Offered).Min());
    }

    private static CapacityReading Without(TransportResult transport, string reason) => new(transport, null, null, null, reason);
}

/// <summary>How two capacities stand to each other.</summary>
internal enum CapacityDifference
{
    /// <summary>The one is more than the other.</summary>
    More,

    /// <summary>What the searches left open meets.</summary>
    None,

    /// <summary>A limit that matters was not found.</summary>
    Unknown,
}
