using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Degraded when a message has waited too long for the broker: nothing is lost, but nothing moves. Not unhealthy, because
/// restarting this service would not help.
/// </summary>
internal sealed class RelayHealthCheck(NpgsqlDataSource dataSource, IOptions<OutboxOptions> options, WalGap gap, WalLag? wal = null) : IHealthCheck
{
    // A look at the head of each lane instead of a count of the whole table.
    private const string OldestSql = """
        select clock_timestamp() - min(head.ready_since)
        from generate_series(0, $1 - 1) as number
        cross join lateral (
          select o.ready_since from messaging.outbox o where o.lane = number order by o.id limit 1) as head
        """;

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = dataSource.CreateCommand(OldestSql);
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = OutboxTable.Lanes });
            var age = await command.ExecuteScalarAsync(cancellationToken) as TimeSpan? ?? TimeSpan.Zero;
            if (gap.Description is { } description)
                return HealthCheckResult.Unhealthy(description);
            if (wal is not null)
            {
                await wal.LookAsync(cancellationToken);
                age = age > wal.Age ? age : wal.Age;
            }

            var data = new Dictionary<string, object>(StringComparer.Ordinal) { ["oldestSeconds"] = age.TotalSeconds };
            return age > options.Value.DegradedAfter
                ? HealthCheckResult.Degraded($"The oldest message in the outbox has waited for {age.TotalSeconds:0} s.", data: data)
                : HealthCheckResult.Healthy(data: data);
        }
        catch (NpgsqlException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message, exception);
        }
    }
}
