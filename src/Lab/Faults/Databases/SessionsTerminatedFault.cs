using System.Globalization;
using Npgsql;

namespace Lab.Faults;

/// <summary>An administrator ends sessions of the services, some at a time, in the middle of whatever they do; first those that wait for a lock.</summary>
internal sealed record SessionsTerminatedFault() : Fault("sessions-terminated", FaultArea.Database)
{
    private const int AtOnce = 3;

    private const string Sql = """
        SELECT count(pg_terminate_backend(pid)) FROM (
          SELECT pid FROM pg_stat_activity
          WHERE datname IN ('orders', 'inventory', 'payments', 'provider') AND backend_type IN ('client backend', 'walsender') AND application_name <> $1
          ORDER BY coalesce(wait_event_type = 'Lock', false) DESC, random() LIMIT $2) AS unlucky
        """;

    public override string Description => "random sessions of the database are terminated (pg_terminate_backend), again and again, those that wait for a lock first";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(6));

    public override IReadOnlyList<string> Targets(FaultSite site) => [ProcessFault.Postgres];

    public override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        var random = new Random(site.Seed);
        var began = site.Clock.GetTimestamp();
        var terminated = 0L;
        await using var connection = await DatabaseSession.OpenAsync(site, "orders-db", cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = DatabaseSession.Application }, new NpgsqlParameter<int> { TypedValue = AtOnce } },
        };
        do
        {
            terminated += (long)(await command.ExecuteScalarAsync(cancellationToken))!;
            await Task.Delay(random.Next(150, 500), cancellationToken);
        }
        while (site.Clock.GetElapsedTime(began) < duration);
        return string.Create(CultureInfo.InvariantCulture, $"{terminated} sessions were terminated");
    }
}
