using System.Globalization;
using Lab.Running;
using Npgsql;

namespace Lab.Faults;

/// <summary>The disk of the database is full: nothing that needs a new page can be written, until somebody makes room.</summary>
/// <remarks>Only outbox and inbox are on the small disk: a full disk under the write-ahead log ends the server, and that is another fault.</remarks>
internal sealed record DiskFullFault() : Fault("disk-full", FaultArea.Database)
{
    // Inboxes keep what they have seen for days: the disk must not fill up by itself.
    private const int FewestMegabytes = 192;
    private const int OrdersPerMegabyte = 150;

    private const string IndexesSql =
        "SELECT format('%I.%I', schemaname, indexname) FROM pg_indexes WHERE schemaname = 'messaging' AND tablename IN ('outbox', 'inbox') ORDER BY 1";

    public override string Description => "the disk under outbox and inbox of all services is full";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8));

    public override IReadOnlyList<string> Targets(FaultSite site) => [ProcessFault.Postgres];

    public override string? Hindrance(FaultSite site) =>
        site.System.Processes(ProcessFault.Postgres).Count == 0 ? "postgres runs elsewhere: its disk is not ours" : SmallDisk.Hindrance();

    public override async Task PrepareAsync(FaultSite site, CancellationToken cancellationToken)
    {
        if (site.System.Attached<SmallDisk>() is not null) return;
        var server = site.System.Processes(ProcessFault.Postgres)[0];
        var disk = await SmallDisk.MountAsync(FewestMegabytes + (site.Orders / OrdersPerMegabyte), server.ProcessId, cancellationToken);
        site.System.Attach(disk);
        await DatabaseSession.ExecuteAsync(site, RunningSystem.Databases[0], $"CREATE TABLESPACE small_disk LOCATION '{disk.Path}'", cancellationToken);
        foreach (var database in RunningSystem.Databases) await MoveAsync(site, database, cancellationToken);
    }

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var disk = site.System.Attached<SmallDisk>() ?? throw new LabException("the small disk was not prepared");
        try
        {
            disk.Fill();
            await Task.Delay(duration, site.Clock, cancellationToken);
        }
        finally
        {
            disk.Free();
        }

        return string.Create(CultureInfo.InvariantCulture, $"outbox and inbox had no room for {duration.TotalSeconds:0.0} s");
    }

    private static async Task MoveAsync(FaultSite site, string database, CancellationToken cancellationToken)
    {
        await using var connection = await DatabaseSession.OpenAsync(site, database, cancellationToken);
        var moves = new List<string> { "TABLE messaging.outbox", "TABLE messaging.inbox" };
        await using (var command = new NpgsqlCommand(IndexesSql, connection))
        {
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken)) moves.Add($"INDEX {reader.GetString(0)}");
        }

        foreach (var move in moves)
            await DatabaseSession.ExecuteAsync(connection, $"SET lock_timeout = '10s'; ALTER {move} SET TABLESPACE small_disk", cancellationToken);
    }
}
