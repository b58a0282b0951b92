using System.Globalization;
using Lab.Networking;
using Lab.Running;
using Npgsql;

namespace Lab.Faults;

/// <summary>
/// A service is killed when its relay has published a batch and has not committed that yet: the next relay publishes the batch again. The
/// commit is held back on the link to the database until the batch is surely out.
/// </summary>
internal sealed record RelayKilledFault() : Fault("relay-killed", FaultArea.Service)
{
    // A relay that has claimed rows and is not done with them: its last statement took them out of the outbox. Had it found none, it would
    // not have been given the number of a transaction.
    private const string CaughtSql = """
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND state = 'idle in transaction' AND backend_xid IS NOT NULL AND query LIKE '%delete from messaging.outbox%returning id, lane%'
        """;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(25);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(15);
    private static readonly TimeSpan Publishing = TimeSpan.FromMilliseconds(150);

    private static readonly (string Service, string Database)[] Places =
        [("orders", "orders-db"), ("inventory", "inventory-db"), ("payments", "payments-db")];

    public override string Description => "a service is killed between the publish of its relay and the commit of that";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(4));

    // It needs a broker to publish to, and a database to look into.
    public override bool GoesWith(FaultArea other) => other is not (FaultArea.Service or FaultArea.Broker or FaultArea.Database);

    public override IReadOnlyList<string> Targets(FaultSite site) =>
        [.. Places.Select(place => place.Service).Where(service => site.System.Replicas(service).Count == 1)];

    public override string? Hindrance(FaultSite site) =>
        site.System.Links is null ? "the system was started without links"
        : Targets(site).Count == 0 ? "every service has several instances: whose relay is caught cannot be told" : null;

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var began = site.Clock.GetTimestamp();
        var random = new Random(site.Seed);
        while (site.Clock.GetElapsedTime(began) < Limit)
        {
            try
            {
                if (await HuntAsync(site, target, random, began, cancellationToken) is { } note) return note;
            }
            catch (NpgsqlException) when (site.Clock.GetElapsedTime(began) < Limit)
            {
                // The hunt may last until another fault strikes the database. Looked into again once that is back.
            }
        }

        throw new LabException($"no relay of {target} was caught between publish and commit within {Limit.TotalSeconds:0} s");
    }

    /// <summary>Tries until the limit. Null when no relay was caught by then.</summary>
    private static async Task<string?> HuntAsync(FaultSite site, string target, Random random, long began, CancellationToken cancellationToken)
    {
        var link = site.System.Link(target, LinkEnds.Database);
        await using var connection = await DatabaseSession.OpenAsync(site, Places.Single(place => place.Service == target).Database, cancellationToken);
        await using var look = new NpgsqlCommand(CaughtSql, connection);
        for (var tried = 1; site.Clock.GetElapsedTime(began) < Limit; tried++)
        {
            var service = (await ProcessFault.RunningAsync(site, target, cancellationToken))[0];
            var caught = await TryAsync(link, look, site, service, cancellationToken);
            if (caught > 0)
            {
                await Restart.WaitAsync(site, target, service, count: 1, cancellationToken);
                return string.Create(CultureInfo.InvariantCulture, $"{caught} relay{(caught == 1 ? "" : "s")} of {target} caught at try {tried}");
            }

            await Task.Delay(random.Next(5, 60), cancellationToken);
        }

        return null;
    }

    /// <summary>Holds the service's statements back; kills it when a relay is waiting with its commit.</summary>
    private static async Task<long> TryAsync(
        FaultyLink link, NpgsqlCommand look, FaultSite site, RunningProcess service, CancellationToken cancellationToken)
    {
        using var stalled = link.Stall(LinkDirections.Requests);
        await Task.Delay(Look, site.Clock, cancellationToken);
        if (await CountAsync(look, cancellationToken) == 0) return 0;

        // Rows are claimed; what is published now cannot be committed any more.
        await Task.Delay(Publishing, site.Clock, cancellationToken);
        var caught = await CountAsync(look, cancellationToken);
        if (caught > 0)
        {
            service.Kill();
            link.Cut().Dispose(); // What was held back must not arrive after all.
        }

        return caught;
    }

    private static async Task<long> CountAsync(NpgsqlCommand look, CancellationToken cancellationToken) =>
        (long)(await look.ExecuteScalarAsync(cancellationToken))!;
}
