namespace Lab.Reporting;

/// <summary>Chooses where an axis has its ticks.</summary>
internal static class ChartScale
{
    private static readonly int[] Seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 14_400];

    /// <summary>The step of a time axis that leaves at most <paramref name="most"/> steps.</summary>
    public static int SecondsStep(double span, int most) =>
        Array.Find(Seconds, step => span / step <= most) is > 0 and var found ? found : (int)Math.Ceiling(span / most / 3_600) * 3_600;

    /// <summary>The smallest of 1, 2, 5, 10, 20 … that is not below a value; at least 1.</summary>
    public static double NiceCeiling(double value)
    {
        var power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, value))));
        return power * (value / power) switch { <= 1 => 1, <= 2 => 2, <= 2.5 => 2.5, <= 5 => 5, _ => 10 };
    }

    /// <summary>The powers of ten that hold all values between them; at least one decade.</summary>
    public static (int Lowest, int Highest) Decades(IReadOnlyCollection<double> values)
    {
        if (values.Count == 0) return (0, 3);
        var lowest = (int)Math.Floor(Math.Log10(Math.Max(0.1, values.Min())));
        return (lowest, Math.Max(lowest + 1, (int)Math.Ceiling(Math.Log10(Math.Max(0.1, values.Max())))));
    }
}
