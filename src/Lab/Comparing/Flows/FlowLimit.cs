using System.Globalization;
using Lab.Comparing.Measuring;
using Lab.Comparing.Results;

namespace Lab.Comparing.Flows;

/// <summary>What a run has to keep to count as sustained.</summary>
/// <param name="P99Milliseconds">The longest that all but one in a hundred orders may take from meant to be sent to ended.</param>
/// <param name="MostBehindShare">The share of the orders by which those that end may fall behind those that are sent: else orders pile up.</param>
internal sealed record FlowLimit(double P99Milliseconds = 1_000, double MostBehindShare = 0.05)
{
    // So much do those on their way differ from one moment to the next, also where few are sent.
    private const int AlwaysBehind = 2;

    /// <summary>Why the figures of a run do not count at all; null when they do. By default the <see cref="GeneratorRule"/>.</summary>
    public Func<Latency, Latency, string?> Generator { get; init; } = GeneratorRule.Broken;

    /// <summary>In words, for the report.</summary>
    public string Words => string.Create(
        CultureInfo.InvariantCulture,
        $"p99 from meant to be sent to ended at most {P99Milliseconds:0} ms, orders that end at most {MostBehindShare * 100:0} % and {AlwaysBehind} orders behind those that are sent, every order accepted and confirmed");

    /// <summary>Why a run was not sustained; null when it was.</summary>
    /// <param name="sent">How many orders were sent.</param>
    /// <param name="ended">How many ended meanwhile, those of the lead-in too.</param>
    /// <param name="whole">How long the orders took from when they were meant to be sent: what waits before it is accepted counts, too.</param>
    public string? Broken(int sent, int ended, Latency whole) =>
        sent - ended > AlwaysBehind + (sent * MostBehindShare) ? string.Create(CultureInfo.InvariantCulture, $"orders piled up: {ended} ended while {sent} were sent")
        : whole.P99 > P99Milliseconds ? string.Create(CultureInfo.InvariantCulture, $"p99 was {whole.P99:0} ms")
        : null;
}
