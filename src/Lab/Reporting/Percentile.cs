namespace Lab.Reporting;

/// <summary>Percentiles by nearest rank: a value that was measured, never one between two.</summary>
internal static class Percentile
{
    /// <summary>A percentile of sorted values, to a tenth; null of none.</summary>
    public static double? Of(double[] sorted, int percent) =>
        sorted.Length == 0 ? null : Math.Round(sorted[(int)Math.Ceiling(sorted.Length * percent / 100.0) - 1], 1);
}
