using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Measuring;

/// <summary>
/// Tells when the generator of a load was itself the bottleneck, so that what was measured is the generator: when one in a hundred of
/// its sends was later than a tenth of the measured p99. Up to 5 ms late is allowed all the same, which no timer of a busy machine falls below
/// for sure, but no more than half of the measured p99 unless it is up to 2 ms, of which a wake-up takes one; and more than 20 ms never:
/// such a load is no longer even. What counts from the intended time only looks worse when the
/// generator is late; what counts from the acceptance of an order begins when the generator has read the answer, and looks a little better.
/// </summary>
internal static class GeneratorRule
{
    /// <summary>The share of the measured p99 that the generator's own delay may take.</summary>
    public const double Share = 0.1;

    /// <summary>The share of the measured p99 that it may take where that is short.</summary>
    public const double MostShare = 0.5;

    /// <summary>So late it may always be, in milliseconds.</summary>
    public const double Unavoidable = 2;

    /// <summary>So late it may be where <see cref="Share"/> is less and <see cref="MostShare"/> more, in milliseconds.</summary>
    public const double LeastAllowed = 5;

    /// <summary>Later than this it must never be, in milliseconds.</summary>
    public const double MostAllowed = 20;

    /// <summary>Why the figures do not count; null when they do.</summary>
    /// <param name="delay">From intended to sent.</param>
    /// <param name="measured">What was measured from the intended time on.</param>
    public static string? Broken(Latency delay, Latency measured)
    {
        ArgumentNullException.ThrowIfNull(delay);
        ArgumentNullException.ThrowIfNull(measured);
        var allowed = Math.Clamp(measured.P99 * Share, Math.Clamp(measured.P99 * MostShare, Unavoidable, LeastAllowed), MostAllowed);
        return delay.P99 <= allowed ? null : string.Create(
            CultureInfo.InvariantCulture, $"the generator was late: its own delay was {delay.P99:0.0#} ms at p99, {allowed:0.0#} ms are allowed");
    }
}
