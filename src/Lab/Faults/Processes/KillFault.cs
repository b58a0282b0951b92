using System.Globalization;
using Lab.Running;

namespace Lab.Faults;

/// <summary>A process is gone from one moment to the next, as by <c>kill -9</c>; the app host starts it again.</summary>
internal sealed record KillFault(string Name, FaultArea Area) : ProcessFault(Name, Area)
{
    // About as long as a start takes: nothing else strikes the same target meanwhile.
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    public override string Description => $"{Who.Of(Area)} is killed (SIGKILL) and started again";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (Recovery, Recovery);

    public override string? Hindrance(FaultSite site) => base.Hindrance(site)
        ?? (Area == FaultArea.Broker && !site.System.BrokerOutlivesAKill ? "the embedded Kafka holds everything in memory: killed, it has lost it" : null);

    protected override async Task<string?> StrikeAsync(
        FaultSite site, string target, RunningProcess process, TimeSpan duration, CancellationToken cancellationToken)
    {
        var count = site.System.Processes(target).Count;
        var began = site.Clock.GetTimestamp();
        process.Kill();
        await Restart.WaitAsync(site, target, process, count, cancellationToken);
        return string.Create(
            CultureInfo.InvariantCulture, $"{process.Id} was back after {site.Clock.GetElapsedTime(began).TotalSeconds:0.0} s");
    }
}
