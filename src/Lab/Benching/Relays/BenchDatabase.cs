using Npgsql;

namespace Lab.Benching.Relays;

/// <summary>An empty database for one measurement, dropped with it: no round works on what another one left.</summary>
internal sealed class BenchDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _server;
    private readonly string _name;

    private BenchDatabase(string server, string name)
    {
        (_server, _name) = (NpgsqlDataSource.Create(server), name);
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
        Source = NpgsqlDataSource.Create(ConnectionString);
    }

    public string ConnectionString { get; }

    /// <summary>Connections to it that know nothing of messaging.</summary>
    public NpgsqlDataSource Source { get; }

    /// <param name="server">The server's connection string.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BenchDatabase> CreateAsync(string server, CancellationToken cancellationToken)
    {
        var database = new BenchDatabase(server, $"bench_{Guid.NewGuid():N}");
        await using var create = database._server.CreateCommand($"create database {database._name}");
        await create.ExecuteNonQueryAsync(cancellationToken);
        return database;
    }

    /// <summary>How many messages wait in the outbox, be it the table or the write-ahead log.</summary>
    public async Task<long> CountOutboxAsync(CancellationToken cancellationToken)
    {
        await using var count = Source.CreateCommand("""
            select (select count(*) from messaging.outbox)
                 + (select count(*) from pg_replication_slots as slot
                    cross join pg_logical_slot_peek_binary_changes(
                      slot.slot_name, null, null, 'proto_version', '1', 'publication_names', 'messaging_outbox', 'messages', 'true')
                    where slot.database = current_database())
            """);
        return (long)(await count.ExecuteScalarAsync(cancellationToken))!;
    }

    public async ValueTask DisposeAsync()
    {
        await Source.DisposeAsync();
        await using (var dropSlot = _server.CreateCommand($"select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '{_name}'"))
            await dropSlot.ExecuteNonQueryAsync();
        await using (var drop = _server.CreateCommand($"drop database {_name} with (force)"))
            await drop.ExecuteNonQueryAsync();
        await _server.DisposeAsync();
    }
}
