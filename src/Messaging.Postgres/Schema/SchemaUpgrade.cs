using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Applies the scripts that a database has not seen yet, each in a transaction of its own, and remembers them with their
/// checksums. Instances of a service that start together take turns under an advisory lock.
/// </summary>
internal sealed partial class SchemaUpgrade(
    NpgsqlDataSource dataSource, IReadOnlyList<SchemaScript> scripts, TimeProvider time, ILogger<SchemaUpgrade> logger)
{
    /// <summary>How long the server may take to come up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private const string Prepare = """
        create schema if not exists messaging;
        create table if not exists messaging.schema_versions (
          name       text primary key,
          checksum   text not null,
          applied_at timestamptz not null default now()
        );
        """;

    /// <exception cref="SchemaException">The server did not come up in time, or a script was changed after it was applied, or failed.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await using var connection = await ConnectAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_lock({AdvisoryLocks.Schema})", cancellationToken);
        try
        {
            await ExecuteAsync(connection, Prepare, cancellationToken);
            var applied = await ReadAppliedAsync(connection, cancellationToken);
            foreach (var script in scripts)
                await ApplyAsync(connection, script, applied, cancellationToken);
        }
        finally
        {
            // Should this fail too, the lock ends with the session, and the first failure is the one to tell.
            if (connection.FullState is System.Data.ConnectionState.Open)
                await ExecuteAsync(connection, $"select pg_advisory_unlock({AdvisoryLocks.Schema})", CancellationToken.None);
        }
    }

    private async Task<NpgsqlConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var pause = TimeSpan.FromMilliseconds(100); ; pause = Min(pause * 2, TimeSpan.FromSeconds(2)))
        {
            try
            {
                return await dataSource.OpenConnectionAsync(cancellationToken);
            }
            catch (NpgsqlException exception) when (PostgresFailures.IsDependency(exception))
            {
                if (time.GetElapsedTime(started) >= Patience)
                {
                    throw new SchemaException(
                        $"PostgreSQL did not let us in within {Patience.TotalSeconds:0} s: {exception.Message}", exception);
                }

                LogWaiting(exception.Message);
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task ApplyAsync(
        NpgsqlConnection connection, SchemaScript script, Dictionary<string, string> applied, CancellationToken cancellationToken)
    {
        if (applied.TryGetValue(script.Name, out var checksum))
        {
            if (checksum != script.Checksum)
            {
                throw new SchemaException(
                    $"Script {script.Name} was changed after it had been applied. Applied scripts are history: put the change into a new script.");
            }

            return;
        }

        try
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, script.Sql, cancellationToken);
            await using var remember = new NpgsqlCommand(
                "insert into messaging.schema_versions (name, checksum) values ($1, $2)", connection)
            {
                Parameters = { new() { Value = script.Name }, new() { Value = script.Checksum } },
            };
            await remember.ExecuteNonQueryAsync(cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
        catch (PostgresException exception)
        {
            throw new SchemaException($"Script {script.Name} failed: {exception.MessageText}", exception);
        }

        LogApplied(script.Name);
    }

    private static async Task<Dictionary<string, string>> ReadAppliedAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var applied = new Dictionary<string, string>(StringComparer.Ordinal);
        await using var command = new NpgsqlCommand("select name, checksum from messaging.schema_versions", connection);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            applied.Add(reader.GetString(0), reader.GetString(1));
        return applied;
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        // A script may build an index on a full table, and the turn of another instance may take as long: no time limit.
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;

    [LoggerMessage(Level = LogLevel.Information, Message = "Waiting for PostgreSQL: {Reason}")]
    private partial void LogWaiting(string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Applied schema script {Script}")]
    private partial void LogApplied(string script);
}
