using System.Text.Json;
using Lab.Checking;
using Lab.Placing;
using Lab.Reporting;
using Lab.Running;

namespace Lab.Demo;

/// <summary>What a demo showed. The console and the JSON file tell the same.</summary>
internal sealed record DemoReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public required string Transport { get; init; }

    public string Coordination { get; init; } = Coordinations.Orchestration;

    public required BrokerDescription Broker { get; init; }

    public required string Postgres { get; init; }

    public required int Orders { get; init; }

    public required int Seed { get; init; }

    public int InventoryReplicas { get; init; } = 1;

    /// <summary>What was done to the system on purpose, in the order it was done.</summary>
    public IReadOnlyList<string> Disturbances { get; init; } = [];

    /// <summary>From the start of the app host to every resource healthy.</summary>
    public required double StartupSeconds { get; init; }

    /// <summary>From the start of the app host to the end of the first order; null when none ended.</summary>
    public required double? FirstOrderSeconds { get; init; }

    /// <summary>From the first order placed to the last one ended.</summary>
    public required double RunSeconds { get; init; }

    public required IReadOnlyList<PathResult> Paths { get; init; }

    /// <summary>The orders that ended elsewhere than their path leads.</summary>
    public required IReadOnlyList<UnexpectedEnd> Unexpected { get; init; }

    public required IReadOnlyList<InvariantResult> Invariants { get; init; }

    /// <summary>Messages set aside for good, each with its cause.</summary>
    public required IReadOnlyList<ParkedMessage> DeadLetters { get; init; }

    /// <summary>How many violations all invariants found.</summary>
    public int Violations => Invariants.Sum(invariant => invariant.Violations.Count);

    /// <summary>
    /// Whether every promise was kept and every order ended as its path leads. In a disturbed system an order may run into its
    /// deadline and be cancelled: that is another end, and no broken promise.
    /// </summary>
    public bool Kept => Violations == 0 && (Unexpected.Count == 0 || Disturbances.Count > 0);

    /// <summary>Writes the report as JSON.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, this, Format, cancellationToken);
}

/// <param name="Path">The name of the path.</param>
/// <param name="Expected">Where it leads.</param>
/// <param name="Orders">How many orders were meant to take it.</param>
/// <param name="AsExpected">How many ended there.</param>
/// <param name="P50Milliseconds">Median from accepted to ended; null when none ended.</param>
/// <param name="P95Milliseconds">95th percentile.</param>
/// <param name="P99Milliseconds">99th percentile.</param>
internal sealed record PathResult(
    string Path, string Expected, int Orders, int AsExpected, double? P50Milliseconds, double? P95Milliseconds, double? P99Milliseconds)
{
    /// <summary>One result per path that occurs, in the order of the mix.</summary>
    public static IReadOnlyList<PathResult> Of(IReadOnlyList<OrderOutcome> outcomes) =>
    [
        .. OrderPath.All
            .Select(path => (Path: path, Outcomes: outcomes.Where(outcome => outcome.Plan.Path == path).ToArray()))
            .Where(taken => taken.Outcomes.Length > 0)
            .Select(taken => Of(taken.Path, taken.Outcomes)),
    ];

    private static PathResult Of(OrderPath path, OrderOutcome[] outcomes)
    {
        double[] durations = [.. outcomes.Where(outcome => outcome.Duration is not null).Select(outcome => outcome.Duration!.Value.TotalMilliseconds).Order()];
        return new PathResult(
            path.Name, path.EndState, outcomes.Length, outcomes.Count(outcome => outcome.IsAsExpected),
            Percentile.Of(durations, 50), Percentile.Of(durations, 95), Percentile.Of(durations, 99));
    }
}

internal sealed record UnexpectedEnd(Guid OrderId, string Path, string Expected, string Seen)
{
    /// <summary>The orders that did not end where their path leads.</summary>
    public static IReadOnlyList<UnexpectedEnd> Of(IReadOnlyList<OrderOutcome> outcomes) =>
    [
        .. outcomes.Where(outcome => !outcome.IsAsExpected).Select(outcome => new UnexpectedEnd(
            outcome.OrderId, outcome.Plan.Path.Name, outcome.Plan.Path.EndState, Describe(outcome.View))),
    ];

    private static string Describe(OrderView? view) =>
        view is null ? "nothing" : view.Reason is null ? view.State : $"{view.State} ({view.Reason})";
}

internal sealed record InvariantResult(int Number, string Promise, IReadOnlyList<Violation> Violations)
{
    public bool Holds => Violations.Count == 0;
}
