using Npgsql;
using Support;

namespace Patterns;

/// <summary>A database of its own for each test, and a way to look into it that is not the code under test.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly string _server;
    private readonly string _name;
    private readonly NpgsqlDataSource _source;

    private TestDatabase(string server, string name)
    {
        _server = server;
        _name = name;
        ConnectionString = new NpgsqlConnectionStringBuilder(server) { Database = name, MaxPoolSize = 20 }.ConnectionString;
        _source = NpgsqlDataSource.Create(ConnectionString);
    }

    public string ConnectionString { get; }

    public static async Task<TestDatabase> CreateAsync(Servers servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        var created = new NpgsqlConnectionStringBuilder(await servers.NewDatabaseAsync("patterns"));
        return new TestDatabase(await servers.PostgresAsync(), created.Database!);
    }

    /// <summary>A database on another server than that of the run.</summary>
    public static async Task<TestDatabase> CreateAsync(string server)
    {
        var database = new TestDatabase(server, $"patterns_{Guid.NewGuid():N}");
        await database.CreateNowAsync();
        return database;
    }

    /// <summary>A database that has a name but is not there yet.</summary>
    public static async Task<TestDatabase> AnnounceAsync(Servers servers)
    {
        ArgumentNullException.ThrowIfNull(servers);
        return new TestDatabase(await servers.PostgresAsync(), $"patterns_{Guid.NewGuid():N}");
    }

    public Task CreateNowAsync() => OnServerAsync($"create database {_name}");

    public async Task<long> CountAsync(string fromWhere) => await ReadAsync<long>($"select count(*) from {fromWhere}");

    public async Task<T> ReadAsync<T>(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    public async Task<int> ExecuteAsync(string sql)
    {
        await using var command = _source.CreateCommand(sql);
        return await command.ExecuteNonQueryAsync();
    }

    /// <summary>
    /// Waits until every message has left and is forgotten, which is a moment after the broker has it: the table is empty, and the
    /// replication slot, if there is one, is past everything written up to now.
    /// </summary>
    public async Task OutboxIsDrainedAsync()
    {
        var now = await ReadAsync<string>("select pg_current_wal_lsn()::text");
        await Eventually.BecomesTrueAsync(async () => await CountAsync("messaging.outbox") == 0, "the outbox is empty");
        await Eventually.BecomesTrueAsync(
            async () => await CountAsync($"pg_replication_slots where database = current_database() and confirmed_flush_lsn < '{now}'") == 0,
            "the log is read");
    }

    /// <summary>Ends every session and lets nobody in: for whoever uses it, the database is away.</summary>
    public async Task LockOutAsync()
    {
        await OnServerAsync($"alter database {_name} with allow_connections false");
        await OnServerAsync($"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{_name}'");
    }

    /// <summary>Ends <see cref="LockOutAsync"/>.</summary>
    public Task LetInAsync() => OnServerAsync($"alter database {_name} with allow_connections true");

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        try
        {
            await DropAsync();
        }
        catch (NpgsqlException exception) when (exception is not PostgresException)
        {
            // The test has shut its server down.
        }
    }

    private async Task DropAsync()
    {
        await OnServerAsync($"select pg_terminate_backend(active_pid, 5000) from pg_replication_slots where database = '{_name}' and active");
        await OnServerAsync($"select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = '{_name}'");
        await OnServerAsync($"drop database if exists {_name} with (force)");
    }

    private async Task OnServerAsync(string sql)
    {
        await using var server = NpgsqlDataSource.Create(_server);
        await using var command = server.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
