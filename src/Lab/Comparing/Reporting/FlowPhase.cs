using Lab.Comparing.Measuring;
using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>The repeats of one phase of the flow, only those whose figures count.</summary>
/// <param name="Phase">Its name.</param>
/// <param name="Runs">Its repeats, at least one.</param>
internal sealed record FlowPhase(string Phase, IReadOnlyList<FlowRun> Runs)
{
    /// <summary>The median over the repeats, from accepted to ended.</summary>
    public Spread? P50 => Of(latency => latency.P50);

    /// <summary>The 99th percentile over the repeats, from accepted to ended.</summary>
    public Spread? P99 => Of(latency => latency.P99);

    /// <summary>Orders per second that ended.</summary>
    public Spread? Ended => Spread.Of(Runs.Select(run => run.Ended).Where(double.IsFinite));

    /// <summary>Orders per second that were offered.</summary>
    public double Offered => Spread.Of(Runs.Select(run => run.Offered))!.Median;

    /// <summary>Whether every repeat kept the limit.</summary>
    public bool IsSustained => Runs.All(run => run.IsSustained);

    /// <summary>The repeat in the middle, by its 99th percentile: the one whose curve is drawn.</summary>
    public FlowRun Typical => Runs.OrderBy(run => run.AcceptToEnd.P99).ElementAt((Runs.Count - 1) / 2);

    /// <summary>Where an order's life went, each stage the median of the repeats.</summary>
    public IReadOnlyList<StageTime> Stages =>
    [
        .. Runs.SelectMany(run => run.Stages).Where(stage => double.IsFinite(stage.Milliseconds)).GroupBy(stage => stage.Stage, StringComparer.Ordinal)
            .Select(stage => new StageTime(stage.Key, Median(stage.Select(time => time.Milliseconds)))),
    ];

    /// <summary>What the processes used, the generator's too, each the median of the repeats.</summary>
    public IReadOnlyList<ProcessCost> Processes =>
    [
        .. Runs.SelectMany(run => run.Processes).Where(process => double.IsFinite(process.MillisecondsPerOrder)).GroupBy(process => process.Name, StringComparer.Ordinal)
            .Select(process => new ProcessCost(
                process.Key, Median(process.Select(cost => cost.ProcessorSeconds)), Median(process.Select(cost => cost.MillisecondsPerOrder)), process.Max(cost => cost.PeakMiB))),
    ];

    /// <summary>What the databases did, each the median of the repeats.</summary>
    public IReadOnlyList<DatabaseCost> Databases =>
    [
        .. Runs.SelectMany(run => run.Databases).GroupBy(database => database.Database, StringComparer.Ordinal)
            .Select(database => new DatabaseCost(
                database.Key, Median(database.Select(cost => cost.CommitsPerOrder)), Median(database.Select(cost => cost.RollbacksPerOrder)),
                Median(database.Select(cost => cost.RowsWrittenPerOrder)))),
    ];

    /// <summary>How many processors were busy, the generator's work included; null when it is not known.</summary>
    public double? BusyProcessors => Spread.Of(Runs.Where(run => run.Seconds > 0 && run.Processes.Count > 0)
        .Select(run => run.Processes.Sum(process => process.ProcessorSeconds) / run.Seconds).Where(double.IsFinite))?.Median;

    /// <summary>The phases of a transport, in the order in which they were measured.</summary>
    public static IReadOnlyList<FlowPhase> Of(TransportResult transport) =>
        [.. Counting(transport).GroupBy(run => run.Phase, StringComparer.Ordinal).Select(runs => new FlowPhase(runs.Key, [.. runs]))];

    /// <summary>The phases of a transport but the search for its capacity, which has as many loads as steps.</summary>
    public static IReadOnlyList<FlowPhase> Steady(TransportResult transport) => [.. Of(transport).Where(phase => phase.Phase != FlowPhases.Ramp)];

    /// <summary>Every rate that was offered, from the least to the most: the steps of the ramp and the other phases.</summary>
    public static IReadOnlyList<FlowPhase> Steps(TransportResult transport) =>
    [
        // Each repeat searches by itself; those of another phase belong together even where their capacities differed.
        .. Counting(transport).GroupBy(run => (run.Phase, Rate: run.Phase == FlowPhases.Ramp ? run.Offered : 0))
            .Select(runs => new FlowPhase(runs.Key.Phase, [.. runs])).OrderBy(step => step.Offered),
    ];

    /// <summary>A phase by its name; null when no run of it counts.</summary>
    public static FlowPhase? Find(TransportResult transport, string phase) => Of(transport).FirstOrDefault(found => found.Phase == phase);

    /// <summary>The busiest load that was measured with care: 80 %, else 50 %, else the highest step that was sustained, else whatever there is.</summary>
    public static FlowPhase? Busiest(TransportResult transport) =>
        Find(transport, FlowPhases.Busy) ?? Find(transport, FlowPhases.Half) ?? Steps(transport).OrderBy(step => step.IsSustained).LastOrDefault();

    /// <summary>Whether a process is the lab, which offers the load and is no part of the system.</summary>
    public static bool IsGenerator(string process) => process == ProcessUsage.Lab;

    /// <summary>Whether a process is a broker: the app host calls it after the server.</summary>
    public static bool IsBroker(string process) =>
        process.StartsWith("nats", StringComparison.OrdinalIgnoreCase) || process.StartsWith("kafka", StringComparison.OrdinalIgnoreCase)
        || process.StartsWith("broker", StringComparison.OrdinalIgnoreCase);

    private static IEnumerable<FlowRun> Counting(TransportResult transport) => transport.Flow?.Runs.Where(run => !run.IsRefused) ?? [];

    private static double Median(IEnumerable<double> values) => Spread.Of(values)!.Median;

    private Spread? Of(Func<Latency, double> value) =>
        Spread.Of(Runs.Where(run => run.AcceptToEnd.Count > 0).Select(run => value(run.AcceptToEnd)).Where(double.IsFinite));
}
