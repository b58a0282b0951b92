using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>The tables of a comparison: the figures of every section.</summary>
internal static partial class ComparisonTables
{
    private static readonly string[] ProcessUnits = ["ms/order", "MiB"];

    /// <summary>What each transport carries and how long an order takes, in a line each.</summary>
    public static ReportTable Summary(Comparison comparison)
    {
        var phases = comparison.Transports.SelectMany(FlowPhase.Steady).Select(phase => phase.Phase).Distinct(StringComparer.Ordinal).ToArray();
        return new ReportTable(
            "Capacity, and milliseconds from accepted to ended",
            [ReportColumn.Text("transport"), new("capacity orders/s"), new("missed at"), .. phases.SelectMany(phase => new ReportColumn[] { new($"{phase}: p50 ms"), new($"{phase}: p99 ms") })],
            [.. comparison.Transports.Where(transport => transport.Flow is not null).Select(transport => Summary(transport, phases))])
        {
            Note = "Medians of the repeats, in brackets from the least to the most. Missed at: the least rate at which no search was successful. 50 % and 80 % are of the transport's own capacity.",
        };
    }

    /// <summary>Every run of the flow.</summary>
    public static ReportTable Runs(Comparison comparison) => new(
        "The flow, every run",
        [
            ReportColumn.Text("transport"), ReportColumn.Text("phase"), ReportColumn.Text("repeat"), new("offered/s"), new("ended/s"), new("seconds"), new("orders"), ReportColumn.Text("limit kept"),
            new("send delay p99 ms"), new("accept p50 ms"), new("accept p99 ms"), new("accept to end mean ms"), new("p50 ms"), new("p90 ms"), new("p99 ms"), new("p99.9 ms"), new("longest ms"),
            new("whole p50 ms"), new("whole p99 ms"), new("CPU ms/order"), ReportColumn.Text("note"),
        ],
        [.. comparison.Transports.SelectMany(transport => transport.Flow?.Runs.Select(run => Row(transport, run)) ?? [])])
    {
        Note = "Send delay: how late the generator itself was. Accept: from when an order was meant to be sent until it was accepted. Whole: from when it was meant to be sent until it ended.",
    };

    /// <summary>Where an order's life goes.</summary>
    public static ReportTable Stages(Comparison comparison)
    {
        var bars = LifeBar.Of(comparison);
        var stages = LifeBar.StagesOf(bars);
        return new ReportTable(
            "Mean milliseconds of an order's life, by stage",
            [ReportColumn.Text("stage"), .. bars.Select(bar => new ReportColumn(bar.Name, IsEmbedded: !bar.Transport.IsComparable))],
            [
                .. stages.Select((stage, index) => new ReportRow([stage, .. bars.Select(bar => Figures.Of(bar.Milliseconds(stage)))]) { Colour = index }),
                .. stages.Count == 0 ? [] : new[] { new ReportRow(["all together", .. bars.Select(bar => Figures.Of(bar.Phase.Stages.Sum(stage => stage.Milliseconds)))]) },
            ]);
    }

    /// <summary>Processor time and memory of every process.</summary>
    public static ReportTable Processes(Comparison comparison)
    {
        var found = comparison.Transports.Select(transport => (Transport: transport, Phase: FlowPhase.Busiest(transport)))
            .Where(of => of.Phase?.Processes.Count > 0).Select(of => (of.Transport, Processes: of.Phase!.Processes, Phase: of.Phase!)).ToArray();
        var names = ProcessNames(comparison);
        string[] Cells(string name) =>
        [
            .. found.Select(of => of.Processes.FirstOrDefault(process => process.Name == name))
                .SelectMany(process => new[] { Figures.Of(process?.MillisecondsPerOrder), Figures.Of(process?.PeakMiB) }),
        ];
        return new ReportTable(
            "Processor time per order, and the most memory, by process",
            [ReportColumn.Text("process"), .. found.SelectMany(of => ProcessUnits.Select(unit => new ReportColumn(
                $"{Figures.Marked(of.Transport)}, {LoadOf(of.Phase)}: {unit}", IsEmbedded: !of.Transport.IsComparable)))],
            [.. names.Select((name, index) => new ReportRow([FlowPhase.IsGenerator(name) ? $"{name} (offers the load)" : name, .. Cells(name)]) { Colour = FlowPhase.IsGenerator(name) ? null : index })]);
    }

    /// <summary>The processes that are part of the system, and the lab behind them, by what they cost.</summary>
    public static IReadOnlyList<string> ProcessNames(Comparison comparison) =>
    [
        .. comparison.Transports.SelectMany(transport => FlowPhase.Busiest(transport)?.Processes ?? []).GroupBy(process => process.Name, StringComparer.Ordinal)
            .OrderBy(process => FlowPhase.IsGenerator(process.Key)).ThenByDescending(process => process.Max(cost => cost.MillisecondsPerOrder)).Select(process => process.Key),
    ];

    /// <summary>What each database does for an order.</summary>
    public static ReportTable Databases(Comparison comparison) => new(
        "Database work per order",
        [ReportColumn.Text("database"), ReportColumn.Text("transport"), new("commits/order"), new("rollbacks/order"), new("rows written/order")],
        [
            .. from transport in comparison.Transports
               from database in FlowPhase.Busiest(transport)?.Databases ?? []
               orderby database.Database
               select new ReportRow(
                   [database.Database, Figures.Marked(transport), Figures.Of(database.CommitsPerOrder), Figures.Of(database.RollbacksPerOrder), Figures.Of(database.RowsWrittenPerOrder)])
               {
                   IsEmbedded = !transport.IsComparable,
               },
        ]);

    /// <summary>Every restart of a broker.</summary>
    public static ReportTable Recovery(Comparison comparison) => new(
        "The broker killed and started again under load",
        [ReportColumn.Text("transport"), ReportColumn.Text("repeat"), new("orders/s"), new("broker away s"), new("flow back after s"), new("caught up after s")],
        [
            .. from transport in comparison.Transports
               let recovery = transport.Recovery
               where recovery is not null
               from run in recovery.Runs
               select new ReportRow(
                   [Figures.Marked(transport), Whole(run.Repeat), Figures.Of(run.Rate), Figures.Of(run.DownSeconds), InTime(run.BackSeconds), InTime(run.CaughtUpSeconds)])
               {
                   IsEmbedded = !transport.IsComparable,
               },
        ])
    {
        Note = "Broker away: from kill -9 until it answered again, the fifth of a second among it that the host waits before it starts a process again. Flow back: from then until orders ended at 80 % of their rate for half a second, those that had been held up among them. Caught up: from then until everything that was held up had ended.",
    };

    /// <summary>What the figures hang on.</summary>
    public static ReportTable Settings(Comparison comparison)
    {
        var names = comparison.Transports.SelectMany(transport => transport.Settings.Keys).Distinct(StringComparer.Ordinal).ToArray();
        return new ReportTable(
            "Settings",
            [ReportColumn.Text("setting"), .. comparison.Transports.Select(transport => ReportColumn.Text(Figures.NameOf(transport)))],
            [
                .. comparison.Transports.All(transport => transport.Settings.Values.Contains(transport.Broker.ToString(), StringComparer.Ordinal))
                    ? [] : new[] { new ReportRow(["broker", .. comparison.Transports.Select(transport => transport.Broker.ToString())]) },
                .. names.Select(name => new ReportRow([name, .. comparison.Transports.Select(transport => transport.Settings.GetValueOrDefault(name, Figures.None))])),
            ]);
    }

    /// <summary>What everything ran on.</summary>
    public static ReportTable Machine(Comparison comparison)
    {
        var machine = comparison.Machine;
        return new ReportTable(
            "Machine", [ReportColumn.Text("what"), ReportColumn.Text("value")],
            [
                new ReportRow(["processor", machine.Processor]),
                new ReportRow(["processors", Whole(machine.Processors)]),
                new ReportRow(["memory", $"{Figures.Of(machine.MemoryGiB)} GiB"]),
                new ReportRow(["operating system", machine.OperatingSystem]),
                new ReportRow([".NET", machine.Runtime]),
                new ReportRow(["file system of the servers' data", machine.FileSystem]),
                new ReportRow(["load in the minute before", machine.LoadBefore is { } load ? $"{Figures.Of(load)} processes" : "not told"]),
            ]);
    }

    /// <summary>The load under which a phase ran.</summary>
    public static string LoadOf(FlowPhase phase) => phase.Phase == FlowPhases.Idle ? phase.Phase : $"{phase.Phase}, {Figures.Of(phase.Ended?.Median)} orders/s";

    private static ReportRow Summary(TransportResult transport, string[] phases)
    {
        var reading = CapacityReading.Of(transport);
        var name = Figures.Marked(transport);
        if (reading.Reason is { } reason && FlowPhase.Steady(transport).Count == 0) return new ReportRow([name]) { IsEmbedded = !transport.IsComparable, Instead = reason };
        return new ReportRow(
            [
                name, reading.WithSpread(), Figures.Of(reading.Missed),
                .. phases.Select(phase => FlowPhase.Find(transport, phase)).SelectMany(phase => new[] { Figures.Of(phase?.P50), Figures.Of(phase?.P99) }),
            ])
        {
            IsEmbedded = !transport.IsComparable,
        };
    }

    private static ReportRow Row(TransportResult transport, FlowRun run)
    {
        string[] first = [Figures.Marked(transport), run.Phase, Whole(run.Repeat)];
        if (run.IsRefused) return new ReportRow(first) { IsEmbedded = !transport.IsComparable, Instead = $"refused: {run.Because ?? "the generator was the bottleneck"}" };
        var end = run.AcceptToEnd;
        return new ReportRow(
            [
                .. first, Figures.Of(run.Offered), Figures.Of(run.Ended), Figures.Of(run.Seconds), Whole(run.Orders), run.IsSustained ? "yes" : "no",
                Figures.Of(run.SendDelay.P99), Figures.Of(run.Accept.P50), Figures.Of(run.Accept.P99), Figures.Of(end.Mean), Figures.Of(end.P50), Figures.Of(end.P90), Figures.Of(end.P99),
                Figures.Of(end.P999), Figures.Of(end.Max), Figures.Of(run.Whole.P50), Figures.Of(run.Whole.P99), Figures.Of(run.ProcessorMillisecondsPerOrder), run.Because ?? "",
            ])
        {
            IsEmbedded = !transport.IsComparable,
        };
    }

    private static string InTime(double? seconds) => seconds is null ? "not in time" : Figures.Of(seconds);

    private static string Whole(int number) => number.ToString("#,0", CultureInfo.InvariantCulture);
}
