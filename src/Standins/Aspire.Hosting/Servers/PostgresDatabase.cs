using Npgsql;

namespace Standins.Aspire.Hosting.Servers;

/// <summary>Makes sure a database exists.</summary>
internal static class PostgresDatabase
{
    public static async Task EnsureAsync(PostgresDatabaseResource database, CancellationToken cancellationToken)
    {
        var server = new NpgsqlConnectionStringBuilder(await database.Parent.ConnectionStringExpression.GetValueAsync(cancellationToken)) { Pooling = false };
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var create = connection.CreateCommand();
        create.CommandText = $"""CREATE DATABASE "{database.DatabaseName.Replace("\"", "\"\"", StringComparison.Ordinal)}" """;
        try
        {
            await create.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException failure) when (failure.SqlState == PostgresErrorCodes.DuplicateDatabase)
        {
            // It is there already: a server that runs elsewhere, or one whose data was kept.
        }
    }
}

/// <summary>Healthy while a new connection can be made and used.</summary>
internal sealed class PostgresHealthCheck(Func<CancellationToken, ValueTask<string?>> connectionString) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var settings = new NpgsqlConnectionStringBuilder(await connectionString(cancellationToken)) { Pooling = false };
        try
        {
            await using var connection = new NpgsqlConnection(settings.ConnectionString);
            await connection.OpenAsync(cancellationToken);
            await using var query = new NpgsqlCommand("SELECT 1", connection);
            await query.ExecuteScalarAsync(cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (NpgsqlException failure)
        {
            return HealthCheckResult.Unhealthy($"{settings.Host}:{settings.Port}: {failure.Message}");
        }
    }
}
