using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>An axis of a chart: where a value stands on it, from 0 to 1, and where it has its ticks.</summary>
/// <param name="Title">What it shows, with its unit.</param>
/// <param name="At">Where a value stands.</param>
/// <param name="Ticks">The values that have a tick, and their labels.</param>
internal sealed record Axis(string Title, Func<double, double> At, IReadOnlyList<(double Value, string Label)> Ticks)
{
    private const int MostSteps = 4;
    private const int MostTicks = 10;

    private static readonly int[] Factors = [1, 2, 5];

    private static readonly double[] NinesTicks = [0, 50, 90, 99, 99.9];

    /// <summary>From nought on, in even steps, a little further than the greatest value.</summary>
    public static Axis Linear(string title, IEnumerable<double> values)
    {
        var most = Math.Max(1e-3, values.Where(double.IsFinite).DefaultIfEmpty(1).Max());
        // The scale knows no steps below 1.
        var unit = most < MostSteps ? 1e-4 : 1;
        var step = ChartScale.NiceCeiling(most / MostSteps / unit) * unit;
        var steps = (int)Math.Ceiling((most / step) - 1e-9);
        var end = step * steps;
        return new Axis(title, value => Math.Clamp(value / end, 0, 1), [.. Enumerable.Range(0, steps + 1).Select(index => (index * step, HtmlText.Of(index * step, "#,0.####")))]);
    }

    /// <summary>Each step twice or two and a half times the one before.</summary>
    public static Axis Logarithmic(string title, IReadOnlyCollection<double> values)
    {
        double[] drawn = [.. values.Where(value => double.IsFinite(value) && value > 0)];
        var (lowest, highest) = ChartScale.Decades(drawn);
        var candidates = (from power in Enumerable.Range(lowest, highest - lowest + 1)
                          from factor in Factors
                          where power < highest || factor == 1
                          select factor * Math.Pow(10, power)).ToList();
        // Room that no value needs is given back, but for a decade: a small difference must not look like a great one.
        while (candidates.Count > Factors.Length + 1 && drawn.All(value => value >= candidates[1])) candidates.RemoveAt(0);
        while (candidates.Count > Factors.Length + 1 && drawn.All(value => value <= candidates[^2])) candidates.RemoveAt(candidates.Count - 1);
        var (from, to) = (Math.Log10(candidates[0]), Math.Log10(candidates[^1]));
        var ticks = candidates.Where(value => candidates.Count <= MostTicks || Math.Log10(value) % 1 == 0);
        return new Axis(
            $"{title}, log scale", value => value <= 0 ? 0 : Math.Clamp((Math.Log10(value) - from) / (to - from), 0, 1), [.. ticks.Select(value => (value, HtmlText.Of(value, "#,0.##")))]);
    }

    /// <summary>Percentiles, each nine after the next as far as the one before: the tail is where the difference is.</summary>
    public static Axis Nines(string title)
    {
        static double Place(double percentile) => -Math.Log10(Math.Max(1e-9, 1 - (percentile / 100)));
        var end = Place(NinesTicks[^1]);
        return new Axis(title, value => Math.Clamp(Place(Math.Clamp(value, 0, 100)) / end, 0, 1), [.. NinesTicks.Select(tick => (tick, HtmlText.Of(tick)))]);
    }
}
