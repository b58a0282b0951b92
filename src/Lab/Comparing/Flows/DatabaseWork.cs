using Lab.Comparing.Results;
using Npgsql;

namespace Lab.Comparing.Flows;

/// <summary>
/// What each database has done so far, as PostgreSQL counts it: <c>pg_stat_database</c>. A session tells what it did with a delay of
/// up to a second.
/// </summary>
internal sealed class DatabaseWork : IAsyncDisposable
{
    private static readonly string[] Ours = ["orders", "inventory", "payments", "provider"];

    private readonly NpgsqlDataSource _source;

    /// <param name="connectionString">Any database of the server.</param>
    public DatabaseWork(string connectionString) => _source = NpgsqlDataSource.Create(connectionString);

    /// <summary>Reads the counters.</summary>
    public async Task<IReadOnlyDictionary<string, Counters>> ReadAsync(CancellationToken cancellationToken)
    {
        await using var command = _source.CreateCommand(
            """
            SELECT datname, xact_commit, xact_rollback, tup_inserted + tup_updated + tup_deleted FROM pg_stat_database WHERE datname = ANY ($1)
            """);
        command.Parameters.AddWithValue(Ours);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        var read = new Dictionary<string, Counters>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            read[reader.GetString(0)] = new Counters(reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3));
        return read;
    }

    /// <summary>What was done between two readings, for each order.</summary>
    public static IReadOnlyList<DatabaseCost> Between(
        IReadOnlyDictionary<string, Counters> before, IReadOnlyDictionary<string, Counters> after, int orders) =>
    [
        .. Ours.Where(name => before.ContainsKey(name) && after.ContainsKey(name)).Select(name => new DatabaseCost(
            name,
            Each(after[name].Commits - before[name].Commits, orders),
            Each(after[name].Rollbacks - before[name].Rollbacks, orders),
            Each(after[name].Rows - before[name].Rows, orders))),
    ];

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private static double Each(long count, int orders) => Math.Round((double)count / Math.Max(1, orders), 2);
}

/// <summary>Counters of a database since it was made.</summary>
internal sealed record Counters(long Commits, long Rollbacks, long Rows);
