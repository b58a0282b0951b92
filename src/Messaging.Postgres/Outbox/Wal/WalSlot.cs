using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Npgsql;
using Npgsql.Replication;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// The replication slot of a service's database: the server's memory of how far its messages have been published. It keeps the
/// write-ahead log from there on, and only one session at a time reads from it. Thread-safe.
/// </summary>
internal sealed partial class WalSlot(NpgsqlDataSource dataSource, WalConnectionString connectionString)
{
    private const int LongestName = 63;
    private const string Undefined = "42704"; // undefined_object: pg_drop_replication_slot of none

    private const string StateSql = """
        select slot.active, slot.wal_status, slot.confirmed_flush_lsn, pg_current_wal_lsn(),
               coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), slot.restart_lsn), 0)::bigint
        from pg_replication_slots as slot
        where slot.slot_name = $1
        """;

    /// <summary>The slot's name, unique in the cluster because the database's is.</summary>
    public string Name { get; } = NameFor(DatabaseOf(connectionString.Value));

    /// <summary>The name for a database's slot: its own, or a hash of it where a slot cannot be named so.</summary>
    public static string NameFor(string database)
    {
        const string prefix = "messaging_outbox_";
        return Plain().IsMatch(database) && prefix.Length + database.Length <= LongestName
            ? prefix + database
            : prefix + "x" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(database)))[..24];
    }

    /// <summary>How the slot is; null when there is none.</summary>
    public async Task<WalSlotState?> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(StateSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken)
            ? new WalSlotState(
                reader.GetBoolean(0),
                await reader.IsDBNullAsync(1, cancellationToken) ? "" : reader.GetString(1),
                await reader.GetFieldValueAsync<NpgsqlLogSequenceNumber?>(2, cancellationToken) ?? default,
                await reader.GetFieldValueAsync<NpgsqlLogSequenceNumber>(3, cancellationToken),
                reader.GetInt64(4))
            : null;
    }

    /// <summary>
    /// Makes the slot if there is none, and anew if the server gave its log up. Instances take turns, behind those that change
    /// the schema. Waits for transactions that are under way, in any database of the cluster: without them the log cannot be read.
    /// </summary>
    /// <returns>From where on the log can be read now, and what had been confirmed of a slot that was given up; null: the slot was there.</returns>
    /// <exception cref="ReplicationSlotException">The server or the role is not set up for it.</exception>
    public async Task<WalSlotCreation?> EnsureAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await ExecuteAsync(connection, $"select pg_advisory_lock({AdvisoryLocks.Schema})", cancellationToken);
        try
        {
            var found = await ReadAsync(cancellationToken);
            if (found is { IsLost: false })
                return null;
            await CheckLevelAsync(connection, cancellationToken);
            if (found is not null)
                await DropAsync(connection, cancellationToken);
            return new WalSlotCreation(await CreateAsync(connection, cancellationToken), found?.Confirmed);
        }
        finally
        {
            // Should this fail too, the lock ends with the session, and the first failure is the one to tell.
            if (connection.FullState is System.Data.ConnectionState.Open)
                await ExecuteAsync(connection, $"select pg_advisory_unlock({AdvisoryLocks.Schema})", CancellationToken.None);
        }
    }

    /// <summary>Opens a session that can read the log, and proves with it that the server lets us.</summary>
    /// <exception cref="ReplicationSlotException">It does not.</exception>
    public async Task<LogicalReplicationConnection> ConnectAsync(CancellationToken cancellationToken)
    {
        var connection = new LogicalReplicationConnection(connectionString.Value);
        try
        {
            await connection.Open(cancellationToken);
            return connection;
        }
        catch (PostgresException exception) when (Explain(exception) is { } explained)
        {
            await connection.DisposeAsync();
            throw new ReplicationSlotException(explained, exception);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    private async Task<NpgsqlLogSequenceNumber> CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var create = new NpgsqlCommand("select lsn from pg_create_logical_replication_slot($1, 'pgoutput')", connection)
            {
                CommandTimeout = 0, // it waits for other people's transactions
                Parameters = { new NpgsqlParameter<string> { TypedValue = Name } },
            };
            return (NpgsqlLogSequenceNumber)(await create.ExecuteScalarAsync(cancellationToken))!;
        }
        catch (PostgresException exception) when (Explain(exception) is { } explained)
        {
            throw new ReplicationSlotException(explained, exception);
        }
    }

    private async Task DropAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        try
        {
            await using var drop = new NpgsqlCommand("select pg_drop_replication_slot($1)", connection)
            {
                Parameters = { new NpgsqlParameter<string> { TypedValue = Name } },
            };
            await drop.ExecuteNonQueryAsync(cancellationToken);
        }
        catch (PostgresException exception) when (exception.SqlState == Undefined)
        {
            // An operator was faster.
        }
    }

    private static async Task CheckLevelAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var show = new NpgsqlCommand("show wal_level", connection);
        var level = (string)(await show.ExecuteScalarAsync(cancellationToken))!;
        if (level != "logical")
        {
            throw new ReplicationSlotException(
                $"Outbox:Relay = wal needs wal_level = logical, but this PostgreSQL runs with wal_level = {level}: set it "
                + "(alter system set wal_level = logical) and restart the server, or set Outbox:Relay = table.");
        }
    }

    private string? Explain(PostgresException exception)
    {
        var role = new NpgsqlConnectionStringBuilder(connectionString.Value).Username;
        return exception.SqlState switch
        {
            PostgresErrorCodes.InsufficientPrivilege =>
                $"Outbox:Relay = wal needs a role that may replicate, and {role} may not: alter role \"{role}\" replication.",
            PostgresErrorCodes.ConfigurationLimitExceeded =>
                $"There is no replication slot left for {Name}: raise max_replication_slots (each database with Outbox:Relay = wal needs one) "
                + "and restart the server, or drop one that nobody uses (pg_replication_slots).",
            PostgresErrorCodes.TooManyConnections =>
                "The server lets no further session read its write-ahead log: raise max_wal_senders (each database with "
                + $"Outbox:Relay = wal needs one) or max_connections. It said: {exception.MessageText}",
            _ => null,
        };
    }

    private static string DatabaseOf(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        return settings.Database ?? settings.Username ?? "";
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [GeneratedRegex("^[a-z0-9_]+$", RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}

/// <summary>How to open a session of the service's database, password included; a data source does not tell it.</summary>
internal sealed record WalConnectionString(string Value);

/// <summary>A replication slot as the server shows it.</summary>
/// <param name="Active">A session reads from it.</param>
/// <param name="WalStatus"><c>reserved</c>, <c>extended</c>, <c>unreserved</c> or <c>lost</c>.</param>
/// <param name="Confirmed">Everything before it has been published.</param>
/// <param name="Current">Where the server writes.</param>
/// <param name="RetainedBytes">How much of the log it keeps.</param>
internal sealed record WalSlotState(
    bool Active, string WalStatus, NpgsqlLogSequenceNumber Confirmed, NpgsqlLogSequenceNumber Current, long RetainedBytes)
{
    /// <summary>The server has removed log that was still to be read (<c>max_slot_wal_keep_size</c>).</summary>
    public bool IsLost => WalStatus == "lost";

    /// <summary>How much log has been written that is not confirmed yet.</summary>
    public ulong LagBytes => Current > Confirmed ? (ulong)Current - (ulong)Confirmed : 0;
}

/// <summary>A slot was made.</summary>
/// <param name="From">What is committed from here on will be read.</param>
/// <param name="LostFrom">How far the slot that had to be given up had come; null when there was none.</param>
internal sealed record WalSlotCreation(NpgsqlLogSequenceNumber From, NpgsqlLogSequenceNumber? LostFrom);
