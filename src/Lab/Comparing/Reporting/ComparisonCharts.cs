using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>The pictures of a comparison; each is null when there is nothing to draw.</summary>
internal static class ComparisonCharts
{
    /// <summary>How many colours parts of bars may have; the style sheet has as many.</summary>
    public const int Colours = 12;

    private const string MillisecondsToEnd = "ms from accepted to ended";

    /// <summary>What each transport carries.</summary>
    public static string? Capacity(Comparison comparison) => BarChart.Of(
        "capacity", "Capacity of each transport", "orders/s under the limit", "orders/s",
        [
            .. comparison.Transports.Select((transport, place) => (Reading: CapacityReading.Of(transport), Place: place)).Where(of => of.Reading.Sustained is not null)
                .Select(of => new Bar(Figures.Marked(of.Reading.Transport), [new BarPart("capacity", of.Reading.Sustained ?? 0, StyleOf(of.Place))])
                {
                    IsEmbedded = !of.Reading.Transport.IsComparable,
                }),
        ],
        hasLegend: false);

    /// <summary>Latency over throughput.</summary>
    public static string? LatencyOverThroughput(Comparison comparison)
    {
        var steps = comparison.Transports.Select((transport, place) => (Transport: transport, Place: place, Steps: FlowPhase.Steps(transport).Where(step => step.P50 is not null && step.Ended is not null).ToArray())).ToArray();
        var all = steps.SelectMany(of => of.Steps).ToArray();
        var series = steps.SelectMany(of => new[]
        {
            Line(of.Transport, of.Place, of.Steps, "p50", step => step.P50!.Median),
            Line(of.Transport, of.Place, of.Steps, "p99", step => step.P99!.Median) with { IsDashed = true },
        });
        return LineChart.Of(
            "throughput-latency", "Latency against throughput", $"Milliseconds from accepted to ended over orders per second, p50 and p99 of each transport. {Told(steps.Select(of => (of.Transport, of.Steps.Length)), "rate")}",
            Axis.Linear("ended orders/s", all.Select(step => step.Ended!.Median)), Axis.Logarithmic(MillisecondsToEnd, [.. all.SelectMany(step => new[] { step.P50!.Median, step.P99!.Median })]), [.. series]);
    }

    /// <summary>The percentile curves at 50 % and 80 % of the capacity.</summary>
    public static string? Percentiles(Comparison comparison)
    {
        string[] phases = [FlowPhases.Half, FlowPhases.Busy];
        Series[] series =
        [
            .. from of in comparison.Transports.Select((transport, place) => (Transport: transport, Place: place))
               from phase in phases
               let found = FlowPhase.Find(of.Transport, phase)
               where found is not null
               select Curve($"{Figures.NameOf(of.Transport)}, {phase}", of.Transport, of.Place, found.Typical.AcceptToEnd) with { IsDashed = phase == FlowPhases.Busy },
        ];
        return LineChart.Of(
            "percentiles", "Percentile curves of the flow", $"Milliseconds from accepted to ended by percentile. {Told(series)}",
            Axis.Nines("percentile"), Axis.Logarithmic(MillisecondsToEnd, Values(series)), series);
    }

    /// <summary>Where an order's life goes.</summary>
    public static string? Life(Comparison comparison)
    {
        var lives = LifeBar.Of(comparison);
        var stages = LifeBar.StagesOf(lives);
        return BarChart.Of(
            "life", "Stages of an order's life", "mean ms of an order", "ms",
            [
                .. lives.Select(life => new Bar($"{life.Phase.Phase}, {Figures.NameOf(life.Transport)}{Mark(life.Transport)}", [.. stages.Select((stage, index) => (stage, index)).Where(of => life.Milliseconds(of.stage) is not null)
                    .Select(of => new BarPart(of.stage, life.Milliseconds(of.stage) ?? 0, ColourOf(of.index)))]) { IsEmbedded = !life.Transport.IsComparable }),
            ]);
    }

    /// <summary>Processor time per order, the lab's left out.</summary>
    public static string? Processes(Comparison comparison)
    {
        var names = ComparisonTables.ProcessNames(comparison);
        return BarChart.Of(
            "processes", "Processor time per order, by process", "CPU ms per order, without the lab", "ms",
            [
                .. from transport in comparison.Transports
                   let phase = FlowPhase.Busiest(transport)
                   where phase is not null
                   select new Bar(
                       $"{Figures.NameOf(transport)}, {ComparisonTables.LoadOf(phase)}{Mark(transport)}",
                       [
                           .. names.Select((name, index) => (Index: index, Process: phase.Processes.FirstOrDefault(process => process.Name == name)))
                               .Where(of => of.Process is not null && !FlowPhase.IsGenerator(of.Process.Name))
                               .Select(of => new BarPart(of.Process!.Name, of.Process.MillisecondsPerOrder, ColourOf(of.Index))),
                       ])
                   {
                       IsEmbedded = !transport.IsComparable,
                   },
            ]);
    }

    /// <summary>How long the flow was away after the broker was killed.</summary>
    public static string? Recovery(Comparison comparison)
    {
        (string Name, Func<RecoveryRun, double?> Value)[] measures = [("broker away", run => run.DownSeconds), ("flow back", run => run.BackSeconds), ("caught up", run => run.CaughtUpSeconds)];
        return BarChart.Of(
            "recovery", "Recovery after the broker was killed", "seconds, median of the restarts", "s",
            [
                .. from measure in measures
                   from of in comparison.Transports.Select((transport, place) => (Transport: transport, Place: place))
                   let spread = Spread.Of(of.Transport.Recovery?.Runs.Select(measure.Value).OfType<double>() ?? [])
                   where spread is not null
                   select new Bar(Figures.Marked(of.Transport), [new BarPart(measure.Name, spread.Median, StyleOf(of.Place))])
                   {
                       IsEmbedded = !of.Transport.IsComparable,
                       Group = of.Transport == comparison.Transports.First(transport => transport.Recovery?.Runs.Any(run => measure.Value(run) is not null) == true) ? measure.Name : null,
                   },
            ],
            hasLegend: false);
    }

    /// <summary>Messages per second of each scenario, grouped by size and topic.</summary>
    public static IReadOnlyList<(string Scenario, string Picture)> Throughput(Comparison comparison) =>
    [
        .. LanePair.Of(comparison).Where(pair => !pair.IsSteady).GroupBy(pair => pair.Scenario, StringComparer.Ordinal)
            .Select((pairs, index) => (pairs.Key, Picture: Throughput(comparison, pairs.Key, index, [.. pairs]))).Where(of => of.Picture is not null).Select(of => (of.Key, of.Picture!)),
    ];

    /// <summary>The percentile curves of a steady rate, a picture for each size and topic.</summary>
    public static IReadOnlyList<(string Scenario, string Picture)> Steady(Comparison comparison) =>
    [
        .. LanePair.Of(comparison).Where(pair => pair.IsSteady).GroupBy(pair => $"{pair.PayloadBytes} bytes, {pair.Shape}", StringComparer.Ordinal)
            .Select((pairs, index) => (pairs.Key, Picture: Steady(comparison, pairs.Key, index, [.. pairs]))).Where(of => of.Picture is not null).Select(of => (of.Key, of.Picture!)),
    ];

    /// <summary>The class of a part's colour.</summary>
    public static string ColourOf(int index) => $"c{index % Colours}";

    private static string? Throughput(Comparison comparison, string scenario, int index, LanePair[] pairs) => CompactBars.Of(
        $"throughput-{index}", $"Messages per second, {scenario}", "messages/s",
        [
            .. from size in pairs.GroupBy(pair => $"{pair.PayloadBytes} bytes, {pair.Shape}", StringComparer.Ordinal)
               from bar in size.SelectMany(pair => new[] { (Row: pair.Port, Through: "port"), (Row: pair.Client, Through: "client") }
                       .Where(of => of.Row is { Refused: null }).Select(of => (pair.Transport, of.Row, of.Through)))
                   .Select((of, place) => new Bar(
                       $"{Figures.NameOf(of.Transport)}, {of.Through}",
                       [new BarPart(of.Through, of.Row!.PerSecond.Median, StyleOf(PlaceOf(comparison, of.Transport)) + (of.Through == "port" ? "" : " pale"))])
                   {
                       IsEmbedded = !of.Transport.IsComparable,
                       Group = place == 0 ? size.Key : null,
                   })
               select bar,
        ]);

    private static string? Steady(Comparison comparison, string name, int index, LanePair[] pairs)
    {
        Series[] series =
        [
            .. from pair in pairs
               from row in new[] { pair.Port, pair.Client }.OfType<LaneRow>()
               where row.Refused is null && row.EndToEnd is not null
               select Curve($"{Figures.NameOf(pair.Transport)}, {row.Through}", pair.Transport, PlaceOf(comparison, pair.Transport), row.EndToEnd!) with { IsDashed = row.Through != "port" },
        ];
        return LineChart.Of(
            $"steady-{index}", $"Percentile curves at a steady rate, {name}", $"Milliseconds until the handler had a message, by percentile. {Told(series)}",
            Axis.Nines("percentile"), Axis.Logarithmic("ms until handled", Values(series)), series);
    }

    private static Series Line(TransportResult transport, int place, FlowPhase[] steps, string percentile, Func<FlowPhase, double> value) =>
        new($"{Figures.NameOf(transport)}, {percentile}{Mark(transport)}", place,
            [
                .. steps.Select(step => new SeriesPoint(
                    step.Ended!.Median, value(step), IsHollow: !step.IsSustained,
                    $"{Figures.NameOf(transport)}, {step.Phase}, {Figures.Of(step.Offered)} orders/s offered, {Figures.Of(step.Ended.Median)} ended: {percentile} {Figures.Of(value(step))} ms{(step.IsSustained ? "" : ", limit not kept")}{Mark(transport)}")),
            ])
        {
            HasMarks = true,
            IsEmbedded = !transport.IsComparable,
        };

    private static Series Curve(string name, TransportResult transport, int place, Latency latency) =>
        new($"{name}{Mark(transport)}", place, [.. latency.Curve.Where(point => point.Percentile <= 99.9).Select(point => new SeriesPoint(point.Percentile, point.Milliseconds))])
        {
            IsEmbedded = !transport.IsComparable,
        };

    private static string Mark(TransportResult transport) => transport.IsComparable ? "" : $" ({Figures.EmbeddedMark})";

    private static double[] Values(IEnumerable<Series> series) => [.. series.SelectMany(line => line.Points).Select(point => point.Y)];

    private static string Told(IEnumerable<(TransportResult Transport, int Count)> lines, string what) =>
        $"{string.Join("; ", lines.Where(line => line.Count > 0).Select(line => $"{Figures.Marked(line.Transport)}: {line.Count} {what}{(line.Count == 1 ? "" : "s")}"))}. The table of all runs has the figures.";

    private static string Told(IEnumerable<Series> series) =>
        string.Join("; ", series.Where(line => line.Points.Count > 0).Select(line => $"{line.Name}: from {Figures.Of(line.Points.Min(point => point.Y))} to {Figures.Of(line.Points.Max(point => point.Y))} ms"));

    private static int PlaceOf(Comparison comparison, TransportResult transport) => comparison.Transports.ToList().IndexOf(transport);

    private static string StyleOf(int place) => $"b{place % 2}";
}
