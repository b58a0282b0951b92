using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Flows;

/// <summary>What a run has to keep to count as sustained.</summary>
internal static class FlowLimit
{
    /// <summary>The longest that all but one in a hundred orders may take from accepted to ended, in milliseconds.</summary>
    public const double P99Milliseconds = 1_000;

    /// <summary>The share of the offered rate that must end while it is offered: else orders pile up.</summary>
    public const double LeastEndedShare = 0.95;

    /// <summary>In words, for the report.</summary>
    public static string Words { get; } = string.Create(
        CultureInfo.InvariantCulture,
        $"p99 from accepted to ended at most {P99Milliseconds:0} ms, at least {LeastEndedShare:P0} of the offered orders per second ended meanwhile, every order accepted and confirmed");

    /// <summary>Why a run was not sustained; null when it was.</summary>
    /// <param name="offered">Orders per second offered.</param>
    /// <param name="ended">Orders per second ended meanwhile.</param>
    /// <param name="acceptToEnd">How long the orders took.</param>
    /// <param name="missing">What became of those that were not accepted or did not end as they should; null when there are none.</param>
    public static string? Broken(double offered, double ended, Latency acceptToEnd, string? missing) =>
        missing is not null ? missing
        : ended < offered * LeastEndedShare ? string.Create(CultureInfo.InvariantCulture, $"orders piled up: {ended:0} of {offered:0} ended per second")
        : acceptToEnd.P99 > P99Milliseconds ? string.Create(CultureInfo.InvariantCulture, $"p99 was {acceptToEnd.P99:0} ms")
        : null;
}
