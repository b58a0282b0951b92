using System.Globalization;
using Lab.Running;

namespace Lab.Faults;

/// <summary>
/// The database's clock jumps ahead, and back later: what is due then, deadlines and retries, is due too early, and after the jump
/// back too late. The clock itself is everybody's, so the due times are shifted instead.
/// </summary>
internal sealed record DueTimesJumpedFault() : Fault("due-times-jumped", FaultArea.Database)
{
    private const int Least = 2;
    private const int Most = 8;

    public override string Description => "the due times of deadlines and retries jump by some seconds, and back later";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5));

    public override IReadOnlyList<string> Targets(FaultSite site) => ["due-times"];

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var seconds = new Random(site.Seed).Next(Least, Most + 1);
        var (sooner, later) = (0, 0);
        try
        {
            sooner = await ShiftAsync(site, -seconds, cancellationToken);
            await Task.Delay(duration, site.Clock, cancellationToken);
        }
        finally
        {
            later = await ShiftAsync(site, seconds, CancellationToken.None);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{sooner} due times came {seconds} s sooner, then {later} as much later");
    }

    private static async Task<int> ShiftAsync(FaultSite site, int seconds, CancellationToken cancellationToken)
    {
        var rows = 0;
        foreach (var database in RunningSystem.Databases)
        {
            foreach (var table in (string[])["messaging.outbox", "messaging.parked_queues"])
            {
                // What a relay or a retrier has in hand at this moment is on its way; its due time no longer matters.
                rows += await DatabaseSession.ExecuteAsync(
                    site,
                    database,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"""
                        UPDATE {table} SET due = due + interval '{seconds} s'
                        WHERE ctid = ANY (ARRAY(SELECT ctid FROM {table} WHERE due IS NOT NULL FOR UPDATE SKIP LOCKED))
                        """),
                    cancellationToken);
            }
        }

        return rows;
    }
}
