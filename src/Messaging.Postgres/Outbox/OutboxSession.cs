using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// One relay's connection and its prepared statements, kept from claim to claim. After a failure <see cref="CloseAsync"/> it: the
/// next claim opens a new one. Not thread-safe.
/// </summary>
/// <param name="dataSource">Where the outbox is.</param>
/// <param name="maxLanes">The most lanes in one claim.</param>
/// <param name="maxRows">The most rows in one claim.</param>
internal sealed class OutboxSession(NpgsqlDataSource dataSource, int maxLanes, int maxRows) : IAsyncDisposable
{
    // After the commit: a row that another relay passed over because its lane was still locked must not be left lying.
    private const string LookSql = "select exists (select from messaging.outbox where lane >= 0)";

    // Lanes that have ready rows, the one with the oldest first, as far as nobody else holds them; found by stepping from the head of
    // one lane to the next. A statement of its own: the next one must see what the lanes' last owner has put back, so its snapshot must
    // be younger than the locks. What is lost with this transaction's commit in a crash of the server are deletions: those rows come
    // again, as they do when a relay dies before its commit. So it need not wait for the disk.
    private const string LockSql = """
        with recursive head as (
          (select lane, id from messaging.outbox where lane >= 0 order by lane, id limit 1)
          union all
          select next.lane, next.id
          from head
          cross join lateral (
            select o.lane, o.id from messaging.outbox o where o.lane > head.lane order by o.lane, o.id limit 1) as next
        )
        select set_config('messaging.lanes', coalesce(string_agg(held.lane::text, ','), ''), true),
               set_config('synchronous_commit', 'off', true)
        from (
          select waiting.lane
          from (select lane, id from head order by id offset 0) as waiting
          where pg_try_advisory_xact_lock($1, waiting.lane)
          limit $2
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

    private NpgsqlConnection? _connection;
    private NpgsqlBatch? _claim;
    private NpgsqlBatch? _commit;

    /// <summary>Takes the oldest ready rows of the lanes that are free: two round trips, the commit included.</summary>
    public async Task<OutboxClaim> ClaimAsync(CancellationToken cancellationToken)
    {
        if (_connection is not null)
        {
            try
            {
                return await TakeAsync(cancellationToken);
            }
            catch (NpgsqlException exception) when (PostgresFailures.IsDependency(exception))
            {
                await CloseAsync(); // It may have ended long ago, while it was idle. Whether the server is away, a new one will tell.
            }
        }

        (_connection, _claim, _commit) = await OpenAsync(cancellationToken);
        return await TakeAsync(cancellationToken);
    }

    /// <summary>Gives the connection up, with the transaction that is under way.</summary>
    public async Task CloseAsync()
    {
        var (connection, claim, commit) = (_connection, _claim, _commit);
        (_connection, _claim, _commit) = (null, null, null);
        if (claim is not null)
            await claim.DisposeAsync();
        if (commit is not null)
            await commit.DisposeAsync();
        if (connection is not null)
            await connection.DisposeAsync();
    }

    public async ValueTask DisposeAsync() => await CloseAsync();

    private async Task<OutboxClaim> TakeAsync(CancellationToken cancellationToken)
    {
        var transaction = await _connection!.BeginTransactionAsync(cancellationToken); // travels with the statements
        return new OutboxClaim(_connection, transaction, _commit!, await ReadAsync(_claim!, cancellationToken), maxRows, maxLanes);
    }

    private async Task<(NpgsqlConnection Connection, NpgsqlBatch Claim, NpgsqlBatch Commit)> OpenAsync(CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var claim = new NpgsqlBatch(connection)
            {
                BatchCommands =
                {
                    new NpgsqlBatchCommand(LockSql)
                    {
                        Parameters =
                        {
                            new NpgsqlParameter<int> { TypedValue = AdvisoryLocks.OutboxLanes },
                            new NpgsqlParameter<int> { TypedValue = maxLanes },
                        },
                    },
                    new NpgsqlBatchCommand(ClaimSql) { Parameters = { new NpgsqlParameter<int> { TypedValue = maxRows } } },
                },
            };
            await claim.PrepareAsync(cancellationToken);
            var commit = new NpgsqlBatch(connection)
            {
                BatchCommands = { new NpgsqlBatchCommand("commit"), new NpgsqlBatchCommand(LookSql) },
            };
            await commit.PrepareAsync(cancellationToken);
            return (connection, claim, commit);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
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
                    reader.GetValue(2) as Guid?,
                    reader.GetString(3),
                    await reader.GetFieldValueAsync<byte[]>(4, cancellationToken),
                    await reader.GetFieldValueAsync<byte[]>(5, cancellationToken),
                    reader.GetDateTime(6)));
            }
        }

        rows.Sort(static (a, b) => a.Id.CompareTo(b.Id)); // "returning" promises no order
        return rows;
    }
}
