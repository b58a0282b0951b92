using System.Globalization;
using Lab.Running;

namespace Lab.Faults;

/// <summary>A process is asked to end and does so in its own way; the app host starts it again.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Area">What it strikes.</param>
/// <param name="Signal">What asks it: <c>TERM</c>, or for the database server <c>QUIT</c>, its immediate shutdown.</param>
internal sealed record SignalFault(string Name, FaultArea Area, string Signal) : ProcessFault(Name, Area)
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(3);

    public override string Description => $"{Who.Of(Area)} is shut down (SIG{Signal}) and started again";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (Recovery, Recovery);

    protected override async Task<string?> StrikeAsync(
        FaultSite site, string target, RunningProcess process, TimeSpan duration, CancellationToken cancellationToken)
    {
        var count = site.System.Processes(target).Count;
        var began = site.Clock.GetTimestamp();
        await process.SignalAsync(Signal, cancellationToken);
        await Restart.WaitAsync(site, target, process, count, cancellationToken);
        return string.Create(
            CultureInfo.InvariantCulture, $"{process.Id} was back after {site.Clock.GetElapsedTime(began).TotalSeconds:0.0} s");
    }
}
