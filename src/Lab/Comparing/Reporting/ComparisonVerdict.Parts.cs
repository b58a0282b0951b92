using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <content>The sentences on time and on cost.</content>
internal sealed partial class ComparisonVerdict
{
    private string Time()
    {
        if (_comparable.Length == 0) return $"How long an order takes is not told: {Unfit()}.";
        foreach (var phase in new[] { FlowPhases.Half, FlowPhases.Busy, FlowPhases.Idle })
        {
            var found = Phases(phase);
            if (found.Length == 0) continue;
            var load = phase == FlowPhases.Idle ? "One order at a time" : $"At {phase} of {(found.Length > 1 ? "each transport's own" : "its")} capacity";
            var idle = phase == FlowPhases.Idle ? [] : Phases(FlowPhases.Idle);
            var alone = idle.Length == 0 ? "" : $"; one order at a time takes {Figures.Joined([.. idle.Select(it => Took(it, withRate: false))])}{Judged(idle)}";
            return $"{load} an order takes from accepted to ended, p50 / p99, {Figures.Joined([.. found.Select(it => Took(it, withRate: phase != FlowPhases.Idle))])}{Judged(found)}{alone}.";
        }

        return "How long an order takes was not measured.";
    }

    private (TransportResult Transport, FlowPhase Phase)[] Phases(string phase) =>
    [
        .. from transport in _comparable
           let found = FlowPhase.Find(transport, phase)
           where found?.P50 is not null
           select (transport, found),
    ];

    private static string Took((TransportResult Transport, FlowPhase Phase) of, bool withRate)
    {
        var rate = withRate ? $" ({Figures.Of(of.Phase.Ended?.Median)} orders/s{(of.Phase.IsSustained ? "" : ", limit not kept")})" : "";
        return $"{Figures.Of(of.Phase.P50?.Median)} / {Figures.Of(of.Phase.P99?.Median)} ms on {Figures.NameOf(of.Transport)}{rate}";
    }

    private string Judged((TransportResult Transport, FlowPhase Phase)[] found)
    {
        if (found.Length < 2 || !_isRanked) return "";
        var few = found.Where(it => it.Phase.Runs.Count < LeastRepeats).Select(it => Figures.NameOf(it.Transport)).ToArray();
        if (few.Length > 0) return $"; they are not ranked, for fewer than {LeastRepeats} runs on {Figures.Joined(few)} say too little of their spread";
        if (found.Any(it => !it.Phase.IsSustained)) return "; they are not ranked, for the limit was not kept";
        if (found.Max(it => it.Phase.Offered) > found.Min(it => it.Phase.Offered) * MostUnequal) return "; they are not ranked, for each was measured at a rate of its own";
        var p50 = Judged(found, phase => phase.P50!);
        var p99 = Judged(found, phase => phase.P99!);
        return (p50, p99) switch
        {
            (null, null) => ", no difference to speak of",
            (null, _) => $": no difference to speak of at p50, p99 {p99}",
            (_, null) => $": p50 {p50}, no difference to speak of at p99",
            _ when p50 == p99 => $": both {p50}",
            _ => $": p50 {p50}, p99 {p99}",
        };
    }

    /// <summary>Who takes how much longer; null when the repeats of two of them meet.</summary>
    private static string? Judged((TransportResult Transport, FlowPhase Phase)[] found, Func<FlowPhase, Spread> value)
    {
        var ordered = found.OrderBy(it => value(it.Phase).Median).ToArray();
        var (least, most) = (ordered[0], ordered[^1]);
        if (IsSame(value(least.Phase), value(most.Phase))) return null;
        return $"{Figures.Ratio(value(most.Phase).Median / value(least.Phase).Median)} times as long on {Figures.NameOf(most.Transport)}";
    }

    private string Cost()
    {
        if (_comparable.Length == 0) return $"What an order costs is not told: {Unfit()}.";
        var costs = _comparable.Select(CostOf).OfType<(string Process, string Text)>().ToArray();
        var isSame = costs.Length > 0 && costs.All(cost => cost.Process == costs[0].Process);
        var recovered = _comparable.Select(RecoveryOf).OfType<string>().ToArray();
        var cost = costs.Length == 0
            ? "What limits it is not told, for the processor time of the processes is not known"
            : $"Most processor time per order goes to {(isSame ? $"{costs[0].Process}: " : "")}{Figures.Joined([.. costs.Select(cost => isSame ? cost.Text : $"{cost.Process}, {cost.Text}")])}";
        var recovery = recovered.Length == 0 ? "" : $"; after kill -9 of the broker orders end at 80 % of their rate again {Figures.Joined(recovered)}";
        return $"{cost}{recovery}.";
    }

    private (string Process, string Text)? CostOf(TransportResult transport)
    {
        if (FlowPhase.Busiest(transport) is not { } phase) return null;
        var processes = phase.Processes.Where(process => !FlowPhase.IsGenerator(process.Name)).ToArray();
        var whole = processes.Sum(process => process.MillisecondsPerOrder);
        if (processes.Length == 0 || whole <= 0) return null;
        var first = processes.MaxBy(process => process.MillisecondsPerOrder)!;
        var brokers = processes.Where(process => FlowPhase.IsBroker(process.Name)).ToArray();
        string[] beside =
        [
            $"at {Figures.Of(phase.Ended?.Median)} orders/s",
            .. brokers.Length == 0 ? [] : new[] { $"the broker takes {Figures.Percent(brokers.Sum(process => process.MillisecondsPerOrder) / whole)}" },
            .. phase.BusyProcessors is not { } busy ? [] : new[] { $"{Figures.Of(Math.Round(busy, 1))} of {_comparison.Machine.Processors} processors busy" },
        ];
        return (first.Name, $"{Figures.Of(first.MillisecondsPerOrder)} of {Figures.Of(whole)} ms on {Figures.NameOf(transport)} ({string.Join(", ", beside)})");
    }

    private static string? RecoveryOf(TransportResult transport)
    {
        if (transport.Recovery is not { Runs.Count: > 0 } recovery) return null;
        var back = recovery.Runs.Where(run => run.BackSeconds is not null).ToArray();
        var name = Figures.NameOf(transport);
        if (back.Length == 0) return $"not in time on {name}";
        var late = recovery.Runs.Count - back.Length;
        var missed = late == 0 ? "" : $" (not in time in {late} of {recovery.Runs.Count} restarts)";
        return $"in {Figures.Of(Spread.Of(back.Select(run => run.DownSeconds + run.BackSeconds!.Value))?.Median)} s on {name}{missed}";
    }

    private string Unfit() => _comparison.Transports.Count == 0 ? "nothing was measured" : $"every broker is embedded ({Figures.EmbeddedMark})";
}
