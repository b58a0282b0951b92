using System.Text.Json;
using Lab.Running;

namespace Lab.Benching.Relays;

/// <summary>What the bench of the outbox and its relays measured.</summary>
internal sealed record RelayReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public required BrokerDescription Broker { get; init; }

    /// <summary>Whether the broker writes to the disk before it acknowledges.</summary>
    public required bool BrokerSyncs { get; init; }

    /// <summary>The database server's version and the settings that its durability hangs on.</summary>
    public required IReadOnlyDictionary<string, string> Database { get; init; }

    public required int Processors { get; init; }

    /// <summary>How many messages a round of a scenario takes, before its share.</summary>
    public required int Messages { get; init; }

    public required int BodyBytes { get; init; }

    /// <summary>The most messages in one transaction.</summary>
    public required int Batch { get; init; }

    public required IReadOnlyList<RelayRow> Rows { get; init; }

    public required IReadOnlyList<RelayLatency> Latencies { get; init; }

    /// <summary>What the figures are judged by.</summary>
    public IReadOnlyList<RelayTarget> Targets => [.. RelayTarget.Of(this)];

    /// <summary>Messages per second of a scenario; null when it was not measured.</summary>
    public double? PerSecond(string scenario) => Rows.FirstOrDefault(row => row.Scenario == scenario)?.PerSecond;

    /// <summary>Writes reports as JSON.</summary>
    public static Task WriteAsync(Stream stream, IReadOnlyList<RelayReport> reports, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, reports, Format, cancellationToken);
}

/// <summary>Medians of the rounds of a scenario. The microseconds are processor time per message.</summary>
/// <param name="Scenario">What was done.</param>
/// <param name="PerSecond">Messages, or transactions, per second.</param>
/// <param name="Slowest">The same of the slowest round.</param>
/// <param name="Microseconds">Of this process.</param>
/// <param name="DatabaseMicroseconds">Of the database server; null when it cannot be read.</param>
/// <param name="BrokerMicroseconds">Of the broker; null when it cannot be read.</param>
/// <param name="AllocatedBytes">Memory this process allocated per message.</param>
internal sealed record RelayRow(
    string Scenario, double PerSecond, double Slowest, double Microseconds, double? DatabaseMicroseconds, double? BrokerMicroseconds, double AllocatedBytes)
{
    public static RelayRow Of(string scenario, IReadOnlyList<Measurement> rounds) => new(
        scenario,
        Math.Round(Measurement.Median(rounds, round => round.PerSecond)),
        Math.Round(rounds.Min(round => round.PerSecond)),
        Math.Round(Measurement.Median(rounds, round => round.ClientMicroseconds), 1),
        MedianOrNull(rounds, round => round.DatabaseMicroseconds),
        MedianOrNull(rounds, round => round.ServerMicroseconds),
        Math.Round(Measurement.Median(rounds, round => round.BytesPerMessage)));

    internal static double? MedianOrNull(IReadOnlyList<Measurement> rounds, Func<Measurement, double?> of) =>
        rounds.All(round => of(round) is not null) ? Math.Round(Measurement.Median(rounds, round => of(round)!.Value), 1) : null;
}

/// <summary>From commit to handler: percentiles over all rounds, medians of the cost.</summary>
/// <param name="WokenBy">How the relay learns of a commit.</param>
/// <param name="Load">Idle, from before the commit; or at a steady rate, from when the transaction was due.</param>
/// <param name="Samples">How many messages.</param>
/// <param name="P50">Milliseconds.</param>
/// <param name="P99">Milliseconds.</param>
/// <param name="Max">Milliseconds.</param>
/// <param name="Microseconds">Processor time of this process per message: writer, relay and receiver.</param>
/// <param name="DatabaseMicroseconds">Of the database server.</param>
/// <param name="BrokerMicroseconds">Of the broker.</param>
internal sealed record RelayLatency(
    string WokenBy, string Load, int Samples, double P50, double P99, double Max, double Microseconds, double? DatabaseMicroseconds, double? BrokerMicroseconds)
{
    public const string Idle = "idle";
    public const string Steady = "1,000/s";

    public static RelayLatency Of(string wokenBy, string load, IReadOnlyList<LatencyRound> rounds)
    {
        double[] sorted = [.. rounds.SelectMany(round => round.Milliseconds).Order()];
        Measurement[] costs = [.. rounds.Select(round => round.Cost)];
        return new RelayLatency(
            wokenBy, load, sorted.Length, At(0.5), At(0.99), At(1),
            Math.Round(Measurement.Median(costs, cost => cost.ClientMicroseconds)),
            RelayRow.MedianOrNull(costs, cost => cost.DatabaseMicroseconds),
            RelayRow.MedianOrNull(costs, cost => cost.ServerMicroseconds));

        double At(double share) => Math.Round(sorted[Math.Max(0, (int)Math.Ceiling(sorted.Length * share) - 1)], 2);
    }
}

/// <summary>A figure and what it is to be.</summary>
/// <param name="What">The figure's name.</param>
/// <param name="Value">Its value.</param>
/// <param name="Bound">What it is to reach or to stay below.</param>
/// <param name="IsLimit">It is to stay below the bound.</param>
internal sealed record RelayTarget(string What, double Value, double Bound, bool IsLimit)
{
    // Two relays are no worse than one; the rest is what one run differs from the next.
    private const double SameWithinNoise = 0.95;

    public bool Reached => IsLimit ? Value < Bound : Value >= Bound;

    public static IEnumerable<RelayTarget> Of(RelayReport report)
    {
        foreach (var kind in RelayScenario.Kinds)
        {
            foreach (var (into, perSecond) in (IEnumerable<(string, double)>)[("null", 50_000), ("jetstream", 25_000)])
            {
                var most = RelayScenario.RelaysOf(kind).Max();
                if (report.PerSecond(RelayScenario.NameOfDrain(into, kind, most)) is not { } drained) continue;
                yield return new RelayTarget($"{kind}: messages/s into {into}, {most} {(most == 1 ? "relay" : "relays")}", drained, perSecond, IsLimit: false);
                if (most == 1) continue;
                yield return new RelayTarget(
                    $"{kind}: into {into}, {most} relays to 1", Ratio(drained, report.PerSecond(RelayScenario.NameOfDrain(into, kind, 1))), SameWithinNoise, IsLimit: false);
            }

            if (report.PerSecond(RelayScenario.OurTransactionOf(kind)) is { } ours)
                yield return new RelayTarget($"{kind}: business transaction to raw", Ratio(ours, report.PerSecond(RelayScenario.RawTransaction)), 0.7, IsLimit: false);
        }

        foreach (var latency in report.Latencies.Where(latency => latency.Load == RelayLatency.Idle && latency.WokenBy is not (LatencyMode.PollingOnly or LatencyMode.TransactionOnly)))
        {
            yield return new RelayTarget($"{latency.WokenBy}: commit to handler, p50 ms", latency.P50, 2, IsLimit: true);
            yield return new RelayTarget($"{latency.WokenBy}: commit to handler, p99 ms", latency.P99, 5, IsLimit: true);
        }
    }

    private static double Ratio(double value, double? to) => Math.Round(value / to ?? double.NaN, 2);
}
