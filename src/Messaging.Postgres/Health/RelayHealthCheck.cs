using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Degraded when a message has waited too long for the broker: nothing is lost, but nothing moves. Not unhealthy, because
/// restarting this service would not help. Unhealthy when messages were lost with a part of the write-ahead log, until a restart.
/// </summary>
internal sealed class RelayHealthCheck(NpgsqlDataSource dataSource, IOptions<OutboxOptions> options, WalGap gap, WalLag? wal = null) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await using var command = dataSource.CreateCommand($"select {OutboxTable.OldestAge}");
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = OutboxTable.Lanes });
            var age = await command.ExecuteScalarAsync(cancellationToken) as TimeSpan? ?? TimeSpan.Zero;
            if (gap.Description is { } description)
                return HealthCheckResult.Unhealthy(description);
            if (wal is not null)
            {
                if (await wal.LookAsync(cancellationToken) is { WalStatus: "unreserved" })
                    return HealthCheckResult.Degraded("The server is about to give up log that has not been published (max_slot_wal_keep_size).");
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
