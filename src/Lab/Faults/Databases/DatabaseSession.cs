using Npgsql;

namespace Lab.Faults;

/// <summary>Connections that faults strike through: past the services' links and past every pool.</summary>
internal static class DatabaseSession
{
    /// <summary>What such a session is called in <c>pg_stat_activity</c>.</summary>
    public const string Application = "lab-fault";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);

    /// <summary>Opens a session, trying again while the server starts.</summary>
    public static Task<NpgsqlConnection> OpenAsync(FaultSite site, string database, CancellationToken cancellationToken) =>
        new Patience(site.Clock, Limit).KeepTryingAsync(
            $"connecting to {database}", cancel => ConnectAsync(site, database, cancel), cancellationToken);

    /// <summary>Opens a session or says at once why not.</summary>
    public static async Task<NpgsqlConnection> ConnectAsync(FaultSite site, string database, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(site.System.ConnectionString(database))
        {
            ApplicationName = Application,
            CommandTimeout = 15,
            Pooling = false,
            Timeout = 5,
        };
        var connection = new NpgsqlConnection(settings.ConnectionString);
        try
        {
            await connection.OpenAsync(cancellationToken);
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs a statement in a session of its own, trying again while the server starts.</summary>
    /// <returns>How many rows it changed.</returns>
    public static Task<int> ExecuteAsync(FaultSite site, string database, string sql, CancellationToken cancellationToken) =>
        new Patience(site.Clock, Limit).KeepTryingAsync(
            $"a statement in {database}",
            async cancel =>
            {
                await using var connection = await ConnectAsync(site, database, cancel);
                return await ExecuteAsync(connection, sql, cancel);
            },
            cancellationToken);

    /// <summary>Runs a statement.</summary>
    /// <returns>How many rows it changed.</returns>
    public static async Task<int> ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
