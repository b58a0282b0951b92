using Npgsql;
using Support;

namespace Patterns.Antipatterns;

/// <summary>
/// A relay that remembers the last id it has published and asks for greater ones. Ids are drawn when a row is inserted and become
/// visible when it is committed, in another order. What holds instead: <see cref="RelayBehaviours"/>.
/// </summary>
public sealed class SequenceCursorTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_that_commits_late_is_skipped_for_ever()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await database.ExecuteAsync("create table naive_outbox (id bigint generated always as identity primary key, body text not null)");
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var slow = await source.OpenConnectionAsync(Cancelled);
        await using var transaction = await slow.BeginTransactionAsync(Cancelled);
        await InsertAsync(slow, "slow");
        await database.ExecuteAsync("insert into naive_outbox (body) values ('fast')");
        var relay = new CursorRelay(source);

        await relay.PublishNewRowsAsync();
        await transaction.CommitAsync(Cancelled);
        await relay.PublishNewRowsAsync();

        relay.Published.ShouldBe(["fast"]);
        (await database.CountAsync("naive_outbox where body = 'slow'")).ShouldBe(1, "it was committed and is never published");
    }

    private static async Task InsertAsync(NpgsqlConnection connection, string body)
    {
        await using var command = new NpgsqlCommand("insert into naive_outbox (body) values ($1)", connection) { Parameters = { new() { Value = body } } };
        await command.ExecuteNonQueryAsync(Cancelled);
    }

    private sealed class CursorRelay(NpgsqlDataSource source)
    {
        private long _cursor;

        public List<string> Published { get; } = [];

        public async Task PublishNewRowsAsync()
        {
            await using var command = source.CreateCommand("select id, body from naive_outbox where id > $1 order by id");
            command.Parameters.AddWithValue(_cursor);
            await using var rows = await command.ExecuteReaderAsync(Cancelled);
            while (await rows.ReadAsync(Cancelled))
            {
                Published.Add(rows.GetString(1));
                _cursor = rows.GetInt64(0);
            }
        }
    }
}
