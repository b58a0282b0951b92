using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>An order's life on one transport in one phase.</summary>
/// <param name="Transport">Which transport.</param>
/// <param name="Phase">Which phase.</param>
internal sealed record LifeBar(TransportResult Transport, FlowPhase Phase)
{
    /// <summary>What it is called, the mark of an embedded broker included.</summary>
    public string Name => $"{Phase.Phase}, {Figures.Marked(Transport)}";

    /// <summary>How long a stage takes; null when this life has no such stage.</summary>
    public double? Milliseconds(string stage) => Phase.Stages.FirstOrDefault(time => time.Stage == stage)?.Milliseconds;

    /// <summary>The lives of a comparison, those of one phase beside each other.</summary>
    public static IReadOnlyList<LifeBar> Of(Comparison comparison)
    {
        var lives = (from transport in comparison.Transports
                     from phase in FlowPhase.Steady(transport)
                     where phase.Stages.Count > 0
                     select new LifeBar(transport, phase)).ToArray();
        var phases = lives.Select(life => life.Phase.Phase).Distinct(StringComparer.Ordinal).ToList();
        return [.. lives.OrderBy(life => phases.IndexOf(life.Phase.Phase))];
    }

    /// <summary>Every stage of some lives, in the order in which an order passes them.</summary>
    public static IReadOnlyList<string> StagesOf(IReadOnlyList<LifeBar> lives) =>
        [.. lives.SelectMany(life => life.Phase.Stages).Select(stage => stage.Stage).Distinct(StringComparer.Ordinal)];
}
