using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Rows in one relay's hands: deleted in a transaction that is not committed yet and that holds the locks of their lanes.
/// <see cref="CommitAsync"/> once the broker has them; disposing without it, or losing the session in any way, puts all of them
/// back as they were and frees the lanes.
/// </summary>
internal sealed class OutboxClaim : IAsyncDisposable
{
    // Lanes that have ready rows, the one with the oldest first, as far as nobody else holds them. A statement of its own: the next
    // one must see what the lanes' last owner has put back, so its snapshot must be younger than the locks.
    private const string LockSql = """
        select set_config('messaging.lanes', coalesce(string_agg(held.lane::text, ','), ''), true)
        from (
          select waiting.lane
          from (
            select number as lane
            from generate_series(0, $1 - 1) as number
            cross join lateral (
              select o.id from messaging.outbox o where o.lane = number order by o.id limit 1) as head
            order by head.id
            offset 0) as waiting
          where pg_try_advisory_xact_lock($2, waiting.lane)
          limit $3
        ) as held
        """;

    // The oldest rows of each lane, an even share per lane so that a busy lane starves none. The lane lock is what keeps a key in
    // one relay's hands; "skip locked" only steps over a row that is being cancelled at this moment.
    private const string ClaimSql = """
        with lanes as materialized (
          select unnest(string_to_array(nullif(current_setting('messaging.lanes'), ''), ',')::smallint[]) as lane
        )
        delete from messaging.outbox
        where ctid = any (array(
          select row.place
          from lanes
          cross join lateral (
            select o.ctid as place
            from messaging.outbox o
            where o.lane = lanes.lane
            order by o.id
            limit (select ($1 + count(*) - 1) / greatest(count(*), 1) from lanes)
            for update skip locked) as row))
        returning id, lane, schedule_token, topic, attributes, body, ready_since
        """;

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;

    private OutboxClaim(NpgsqlConnection connection, NpgsqlTransaction transaction, IReadOnlyList<OutboxRow> rows)
    {
        _connection = connection;
        _transaction = transaction;
        Rows = rows;
    }

    /// <summary>The rows, in the order in which they are to be published. Empty when there is nothing to do.</summary>
    public IReadOnlyList<OutboxRow> Rows { get; }

    /// <summary>Takes the oldest ready rows of the lanes that are free: two round trips, the commit included.</summary>
    public static async Task<OutboxClaim> TakeAsync(
        NpgsqlDataSource dataSource, int maxLanes, int maxRows, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var batch = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand(LockSql)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<int> { TypedValue = OutboxTable.Lanes },
                            new NpgsqlParameter<int> { TypedValue = AdvisoryLocks.OutboxLanes },
                            new NpgsqlParameter<int> { TypedValue = maxLanes },
                        },
                    },
                    new NpgsqlBatchCommand(ClaimSql) { Parameters = { new NpgsqlParameter<int> { TypedValue = maxRows } } },
                },
            };
            return new OutboxClaim(connection, transaction, await ReadAsync(batch, cancellationToken));
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Puts back rows that the broker did not take.</summary>
    public Task PutBackAsync(IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken) =>
        OutboxTable.PutBackAsync(_connection, rows, cancellationToken);

    /// <summary>Moves a row that can never be published to the parked messages.</summary>
    public Task ParkAsync(ParkedMessage message, CancellationToken cancellationToken) =>
        ParkedTable.InsertAsync(_connection, [message], cancellationToken);

    /// <summary>Makes it final.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => _transaction.CommitAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private static async Task<IReadOnlyList<OutboxRow>> ReadAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        var rows = new List<OutboxRow>();
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.NextResultAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                rows.Add(new OutboxRow(
                    reader.GetInt64(0),
                    reader.GetInt16(1),
                    await reader.IsDBNullAsync(2, cancellationToken) ? null : reader.GetGuid(2),
                    reader.GetString(3),
                    reader.GetString(4),
                    await reader.GetFieldValueAsync<byte[]>(5, cancellationToken),
                    reader.GetDateTime(6)));
            }
        }

        rows.Sort(static (a, b) => a.Id.CompareTo(b.Id)); // "returning" promises no order
        return rows;
    }
}
