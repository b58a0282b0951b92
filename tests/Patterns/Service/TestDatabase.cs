using Npgsql;

namespace Patterns;

/// <summary>A database of its own for each test, and a way to look into it that is not the code under test.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly NpgsqlDataSource _source;

    private TestDatabase(string connectionString)
    {
        ConnectionString = connectionString;
        _source = NpgsqlDataSource.Create(connectionString);
    }

    public string ConnectionString { get; }

    private static string Server =>
        Environment.GetEnvironmentVariable("ConnectionStrings__postgres") ?? throw new InvalidOperationException("Set ConnectionStrings__postgres.");

    public static async Task<TestDatabase> CreateAsync()
    {
        var database = Announce();
        await database.CreateNowAsync();
        return database;
    }

    /// <summary>A database that has a name but is not there yet.</summary>
    public static TestDatabase Announce() => new(
        new NpgsqlConnectionStringBuilder(Server) { Database = $"patterns_{Guid.NewGuid():N}", MaxPoolSize = 20 }.ConnectionString);

    public async Task CreateNowAsync()
    {
        await using var server = NpgsqlDataSource.Create(Server);
        await using var command = server.CreateCommand($"create database {Name}");
        await command.ExecuteNonQueryAsync();
    }

    public async Task<long> CountAsync(string fromWhere)
    {
        await using var command = _source.CreateCommand($"select count(*) from {fromWhere}");
        return (long)(await command.ExecuteScalarAsync())!;
    }

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

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await using var server = NpgsqlDataSource.Create(Server);
        await using var command = server.CreateCommand($"drop database if exists {Name} with (force)");
        await command.ExecuteNonQueryAsync();
    }

    private string Name => new NpgsqlConnectionStringBuilder(ConnectionString).Database!;
}
