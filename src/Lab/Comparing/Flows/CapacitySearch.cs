namespace Lab.Comparing.Flows;

/// <summary>
/// Looks for the highest rate that a system sustains: doubles it until it fails, then halves the gap. Every rate tried is a run of its
/// own, from a system at rest.
/// </summary>
internal static class CapacitySearch
{
    /// <summary>Below this no system is worth a ramp.</summary>
    public const double Least = 5;

    /// <summary>Searches.</summary>
    /// <param name="first">The first rate to try.</param>
    /// <param name="most">The highest rate to try: what the generator itself can do.</param>
    /// <param name="refinements">How often to halve the gap between the highest sustained and the lowest not sustained.</param>
    /// <param name="isSustained">Tries a rate.</param>
    /// <returns>The highest sustained rate; null when not even <see cref="Least"/> was.</returns>
    public static async Task<double?> FindAsync(double first, double most, int refinements, Func<double, Task<bool>> isSustained)
    {
        double? sustained = null;
        double? failed = null;
        for (var rate = first; rate >= Least && rate <= most;)
        {
            if (await isSustained(rate)) sustained = rate;
            else failed = rate;
            if (sustained is not null && failed is not null) break;
            rate = failed is null ? (rate < most ? Math.Min(rate * 2, most) : double.MaxValue) : rate / 2;
        }

        for (; refinements > 0 && sustained is { } low && failed is { } high; refinements--)
        {
            var middle = Math.Round((low + high) / 2);
            if (await isSustained(middle)) sustained = middle;
            else failed = middle;
        }

        return sustained;
    }
}
