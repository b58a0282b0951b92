using System.Globalization;
using Lab.Networking;

namespace Lab.Faults;

/// <summary>Connections are reset in the middle of a frame, again and again.</summary>
internal sealed record NetworkResetFault() : NetworkFault("network-reset")
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(700);

    public override string Description => "connections of a service are reset in the middle of a frame, again and again";

    protected override async Task<string?> HurtAsync(FaultyLink link, FaultSite site, TimeSpan duration, CancellationToken cancellationToken)
    {
        var began = site.Clock.GetTimestamp();
        var before = link.Resets;
        try
        {
            do
            {
                link.ResetInTheMiddle();
                await Task.Delay(Pause, site.Clock, cancellationToken);
            }
            while (site.Clock.GetElapsedTime(began) < duration);
        }
        finally
        {
            link.EndResets();
        }

        return string.Create(CultureInfo.InvariantCulture, $"{link.Resets - before} connections were reset");
    }
}
