using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Flows;

/// <summary>
/// The flow lane on one running system: single orders on an idle one, a ramp to the capacity, steady runs below it. Runs never overlap:
/// each begins when every order of the one before has ended.
/// </summary>
/// <param name="flow">The system.</param>
/// <param name="extent">How long and how often.</param>
/// <param name="told">Is told of every run.</param>
internal sealed class FlowLane(FlowUnderTest flow, FlowExtent extent, Action<FlowRun> told)
{
    /// <summary>The steady runs, as shares of the capacity found.</summary>
    public static IReadOnlyList<(string Phase, double Share)> Steady { get; } = [(FlowPhases.Half, 0.5), (FlowPhases.Busy, 0.8)];

    /// <summary>Single orders, then the search for the capacity.</summary>
    /// <param name="repeat">Which repeat it is.</param>
    /// <param name="cancellationToken">Ends it; what was told of stays.</param>
    /// <returns>The capacity found; null when there is none.</returns>
    public async Task<double?> SearchAsync(int repeat, CancellationToken cancellationToken)
    {
        told(Alone(await flow.RunAsync(FlowPhases.Idle, repeat, extent.IdleRate, TimeSpan.Zero, extent.Idle, cancellationToken)));
        return await CapacitySearch.FindAsync(
            extent.FirstRate, extent.MostRate, extent.Refinements,
            async rate => (await KeepAsync(FlowPhases.Ramp, repeat, rate, extent.LeadIn, extent.Step, cancellationToken)).IsSustained);
    }

    /// <summary>The steady runs.</summary>
    /// <param name="repeat">Which repeat it is.</param>
    /// <param name="capacity">What the search has found.</param>
    /// <param name="cancellationToken">Ends it; what was told of stays.</param>
    public async Task KeepSteadyAsync(int repeat, double capacity, CancellationToken cancellationToken)
    {
        foreach (var (phase, share) in Steady)
            await KeepAsync(phase, repeat, capacity * share, extent.LeadIn, extent.SteadyRun, cancellationToken);
    }

    /// <summary>Orders that still run when the next comes are not alone, and the run says nothing of those that are.</summary>
    internal static FlowRun Alone(FlowRun run)
    {
        var gap = 1_000 / run.Offered;
        return run.IsRefused || run.Whole.P90 <= gap ? run : run with
        {
            IsRefused = true,
            IsSustained = false,
            Because = string.Create(CultureInfo.InvariantCulture, $"one order in ten took longer than the {gap:0} ms to the next, so they were not alone"),
        };
    }

    private async Task<FlowRun> KeepAsync(
        string phase, int repeat, double rate, TimeSpan leadIn, TimeSpan duration, CancellationToken cancellationToken)
    {
        var run = await flow.RunAsync(phase, repeat, rate, leadIn, duration, cancellationToken);
        told(run);
        return run;
    }
}

/// <summary>How much of the flow lane is run.</summary>
/// <param name="FirstRate">The first rate of the ramp, orders per second.</param>
/// <param name="Refinements">How often the ramp halves the gap in the end.</param>
/// <param name="Idle">How long single orders are sent.</param>
/// <param name="LeadIn">How long a run is on before it counts.</param>
/// <param name="Step">How long a step of the ramp counts.</param>
/// <param name="SteadyRun">How long a steady run counts.</param>
internal sealed record FlowExtent(double FirstRate, int Refinements, TimeSpan Idle, TimeSpan LeadIn, TimeSpan Step, TimeSpan SteadyRun)
{
    /// <summary>How long the system may be warmed up.</summary>
    public TimeSpan WarmUp { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>The highest rate of the ramp: beyond it the generator, which costs a part of the machine, would be what is measured.</summary>
    public double MostRate { get; init; } = 4_000;

    /// <summary>How many single orders are sent per second: so few that one has ended before the next is sent.</summary>
    public double IdleRate { get; init; } = 4;

    /// <summary>What a run has to keep to count as sustained.</summary>
    public FlowLimit Limit { get; init; } = new();

    /// <summary>For a first look.</summary>
    public static FlowExtent Quick { get; } = new(
        100, 2, TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(6))
    {
        WarmUp = TimeSpan.FromSeconds(18),
    };

    /// <summary>For figures to go by.</summary>
    public static FlowExtent Full { get; } = new(
        50, 3, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(60));

    /// <summary>About how long it takes on one system, its start and warm-up included.</summary>
    public TimeSpan Estimate => TimeSpan.FromSeconds(5) + WarmUp + Idle + ((LeadIn + Step + TimeSpan.FromSeconds(1)) * (4 + Refinements))
        + ((LeadIn + SteadyRun + TimeSpan.FromSeconds(1)) * FlowLane.Steady.Count);
}
