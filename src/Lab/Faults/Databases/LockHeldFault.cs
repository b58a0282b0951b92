using System.Globalization;

namespace Lab.Faults;

/// <summary>Somebody holds a hot table: a migration, a forgotten session. Everything that wants to write or read there waits.</summary>
internal sealed record LockHeldFault() : Fault("lock-held", FaultArea.Database)
{
    public override string Description => "a hot table is locked (ACCESS EXCLUSIVE), so that its service waits";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6));

    public override IReadOnlyList<string> Targets(FaultSite site) =>
        [.. HotTable.All.Select(table => table.Target).Where(target => target != HotTable.Sagas || site.System.HasSagas)];

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var table = HotTable.Of(target);
        await using var connection = await DatabaseSession.OpenAsync(site, table.Database, cancellationToken);
        var began = site.Clock.GetTimestamp();

        // Whoever ends the session, or its end itself, gives the lock back.
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await DatabaseSession.ExecuteAsync(
            connection, $"SET LOCAL lock_timeout = '10s'; LOCK TABLE {table.Name} IN ACCESS EXCLUSIVE MODE", cancellationToken);
        var waited = site.Clock.GetElapsedTime(began);
        await Task.Delay(duration, site.Clock, cancellationToken);
        return string.Create(
            CultureInfo.InvariantCulture, $"{table.Name} was locked for {duration.TotalSeconds:0.0} s, {waited.TotalMilliseconds:0} ms after it was asked for");
    }
}
