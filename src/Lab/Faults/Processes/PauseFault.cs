using System.Globalization;
using Lab.Running;

namespace Lab.Faults;

/// <summary>
/// A process stands still and then goes on as if nothing had been, as after a long garbage collection or a suspended machine. A service
/// that stood still for longer than its leases and sessions last still believes that its partitions are its own.
/// </summary>
internal sealed record PauseFault(string Name, FaultArea Area, TimeSpan Shortest, TimeSpan Longest) : ProcessFault(Name, Area)
{
    public override string Description => $"{Who.Of(Area)} stands still (SIGSTOP) and goes on";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (Shortest, Longest);

    protected override async Task<string?> StrikeAsync(
        FaultSite site, string target, RunningProcess process, TimeSpan duration, CancellationToken cancellationToken)
    {
        await process.PauseAsync(CancellationToken.None); // Half-way given up, it would stand still for ever.
        try
        {
            await Task.Delay(duration, site.Clock, cancellationToken);
        }
        finally
        {
            await process.ResumeAsync(CancellationToken.None);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{process.Id} stood still for {duration.TotalSeconds:0.0} s");
    }
}
