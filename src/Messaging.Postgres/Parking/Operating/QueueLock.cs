using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// What redrive, discard and edit do to the queues of parked messages. Everything runs in the caller's transaction, whose locks
/// keep everybody else who works on those queues away.
/// </summary>
internal static class QueueLock
{
    // Nobody is waited for, so nobody can deadlock with us. Each lock is followed by a statement of its own, whose snapshot is
    // younger than the lock and sees what its last owner did.
    private const string Join = "select p.parked_id from messaging.parked p join messaging.parked_queues q using (consumer, queue) where p.parked_id = any($1)";

    private const string WorkSql = $"{Join} for no key update of q skip locked";

    private const string RemovalSql = $"{Join} for update of q skip locked";

    private const string DeleteSql = """
        delete from messaging.parked p
        where p.parked_id = any($1)
        returning p.parked_id, p.consumer, p.queue,
          not exists (select from messaging.parked e where e.consumer = p.consumer and e.queue = p.queue and e.parked_id < p.parked_id)
        """;

    private const string DropEmptySql = """
        delete from messaging.parked_queues q
        using unnest($1::text[], $2::text[]) as touched (consumer, queue)
        where q.consumer = touched.consumer and q.queue = touched.queue
          and not exists (select from messaging.parked p where p.consumer = q.consumer and p.queue = q.queue)
        """;

    // Whoever is first now is tried at once.
    private const string AdvanceSql = """
        update messaging.parked_queues q
        set due = case when head.state = 'parked' then clock_timestamp() end
        from unnest($1::text[], $2::text[]) as touched (consumer, queue)
        cross join lateral (
          select p.state from messaging.parked p
          where p.consumer = touched.consumer and p.queue = touched.queue
          order by p.parked_id limit 1) as head
        where q.consumer = touched.consumer and q.queue = touched.queue
        """;

    /// <summary>Takes the queues of messages to change them. Receivers go on adding to their ends.</summary>
    /// <returns>The messages whose queue nobody else works on.</returns>
    public static Task<long[]> TakeAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken) =>
        LockAsync(connection, WorkSql, ids, cancellationToken);

    /// <summary>Takes the queues of messages to remove messages and, when they become empty, the queues.</summary>
    /// <returns>The messages whose queue nobody else works on or adds to.</returns>
    public static Task<long[]> TakeToRemoveAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken) =>
        LockAsync(connection, RemovalSql, ids, cancellationToken);

    /// <summary>Removes messages whose queues were taken with <see cref="TakeToRemoveAsync"/>; the ones behind them move up.</summary>
    /// <returns>The messages that were there.</returns>
    public static async Task<IReadOnlyCollection<long>> RemoveAsync(NpgsqlConnection connection, long[] ids, CancellationToken cancellationToken)
    {
        var removed = new HashSet<long>();
        var touched = new HashSet<(string Consumer, string Queue)>();
        var advanced = new HashSet<(string Consumer, string Queue)>();
        await using (var command = Over(DeleteSql, connection, ids))
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                removed.Add(reader.GetInt64(0));
                touched.Add((reader.GetString(1), reader.GetString(2)));
                if (reader.GetBoolean(3))
                    advanced.Add((reader.GetString(1), reader.GetString(2)));
            }
        }

        if (removed.Count > 0)
        {
            await using var batch = new NpgsqlBatch(connection) { BatchCommands = { Over(DropEmptySql, touched), Over(AdvanceSql, advanced) } };
            await batch.ExecuteNonQueryAsync(cancellationToken);
        }

        return removed;
    }

    private static NpgsqlBatchCommand Over(string sql, HashSet<(string Consumer, string Queue)> queues) => new(sql)
    {
        Parameters =
        {
            new NpgsqlParameter<string[]> { TypedValue = [.. queues.Select(queue => queue.Consumer)] },
            new NpgsqlParameter<string[]> { TypedValue = [.. queues.Select(queue => queue.Queue)] },
        },
    };

    private static NpgsqlCommand Over(string sql, NpgsqlConnection connection, long[] ids) =>
        new(sql, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids } } };

    private static async Task<long[]> LockAsync(NpgsqlConnection connection, string sql, long[] ids, CancellationToken cancellationToken)
    {
        await using var command = Over(sql, connection, ids);
        var held = new List<long>(ids.Length);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            held.Add(reader.GetInt64(0));
        return [.. held];
    }
}
