using Lab.Running;

namespace Lab.Faults;

/// <summary>A fault of a process that the app host runs: an instance of a service, the broker, the database server.</summary>
internal abstract record ProcessFault(string Name, FaultArea Area) : Fault(Name, Area)
{
    /// <summary>The database server.</summary>
    public const string Postgres = "postgres";

    private static readonly TimeSpan LongestStart = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    public sealed override IReadOnlyList<string> Targets(FaultSite site) => [.. Candidates(site).Where(name => site.System.Processes(name).Count > 0)];

    public override string? Hindrance(FaultSite site) =>
        Targets(site).Count > 0 ? null : $"{string.Join(", ", Candidates(site))} runs elsewhere: it is not ours to strike";

    public sealed override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var running = await RunningAsync(site, target, cancellationToken);
        return await StrikeAsync(site, target, running[new Random(site.Seed).Next(running.Count)], duration, cancellationToken);
    }

    // An earlier fault may have ended it, and the start that follows takes longer than planned.
    internal static async Task<IReadOnlyList<RunningProcess>> RunningAsync(FaultSite site, string target, CancellationToken cancellationToken)
    {
        for (var began = site.Clock.GetTimestamp(); site.Clock.GetElapsedTime(began) < LongestStart;)
        {
            if (site.System.Processes(target) is { Count: > 0 } running) return running;
            await Task.Delay(Look, site.Clock, cancellationToken);
        }

        throw new LabException($"no instance of {target} runs");
    }

    /// <summary>Strikes one process of the target.</summary>
    protected abstract Task<string?> StrikeAsync(
        FaultSite site, string target, RunningProcess process, TimeSpan duration, CancellationToken cancellationToken);

    private IReadOnlyList<string> Candidates(FaultSite site) => Area switch
    {
        FaultArea.Service => RunningSystem.Services,
        FaultArea.Broker => [site.System.Broker],
        _ => [Postgres],
    };
}
