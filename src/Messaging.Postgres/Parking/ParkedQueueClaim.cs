using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// One queue of parked messages in one retrier's hands: a transaction that holds the queue's row. The messages are handled in
/// transactions of their own, which take them out; this one only says when the queue is due again. Losing the session frees the
/// queue as it was: another retrier may take it up, and a message that is being handled is taken out once only.
/// </summary>
internal sealed class ParkedQueueClaim : IAsyncDisposable
{
    // The time as a subquery: compared with the function itself, which may change while it looks, every waiting queue would be read.
    private const string TakeSql = """
        select consumer, queue from messaging.parked_queues
        where due <= (select clock_timestamp()) and consumer = any($1)
        order by due
        limit 1
        for no key update skip locked
        """;

    private const string ReadSql = """
        select parked_id, topic, coalesce(partition, 0), coalesce(position, 0), key, attributes, body, attempts, retries, state = 'dead'
        from messaging.parked
        where consumer = $1 and queue = $2
        order by parked_id
        limit $3
        """;

    private const string DueSql = "update messaging.parked_queues set due = clock_timestamp() + $3 where consumer = $1 and queue = $2";

    // A receiver may be adding to its end at this moment: then it stays. In a statement of its own, so that the next one sees what
    // was added before.
    private const string LockSql = "select true from messaging.parked_queues where consumer = $1 and queue = $2 for update skip locked";

    private const string RemoveSql = """
        delete from messaging.parked_queues q
        where consumer = $1 and queue = $2
          and not exists (select from messaging.parked p where p.consumer = q.consumer and p.queue = q.queue)
        """;

    private static readonly TimeSpan AMoment = TimeSpan.FromMilliseconds(50);

    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly string _queue;

    private ParkedQueueClaim(NpgsqlConnection connection, NpgsqlTransaction transaction, string consumer, string queue)
    {
        (_connection, _transaction) = (connection, transaction);
        (Consumer, _queue) = (consumer, queue);
    }

    /// <summary>Whose queue it is.</summary>
    public string Consumer { get; }

    /// <summary>Takes the queue that has been due longest, of those that nobody holds. Null when there is none.</summary>
    public static async Task<ParkedQueueClaim?> TakeAsync(NpgsqlDataSource dataSource, string[] consumers, CancellationToken cancellationToken)
    {
        var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await using var command = new NpgsqlCommand(TakeSql, connection) { Parameters = { new NpgsqlParameter<string[]> { TypedValue = consumers } } };
            await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
            {
                if (await reader.ReadAsync(cancellationToken))
                    return new ParkedQueueClaim(connection, transaction, reader.GetString(0), reader.GetString(1));
            }

            await connection.DisposeAsync();
            return null;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>True when its first message was dead when it was last read.</summary>
    public bool IsHeld { get; private set; }

    /// <summary>The messages at its head that may be tried: none when it is empty, and none when the first is dead.</summary>
    public async Task<IReadOnlyList<RetriedMessage>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var messages = new List<RetriedMessage>();
        await using var command = Command(ReadSql, new NpgsqlParameter<int> { TypedValue = most });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            if (reader.GetBoolean(9))
            {
                IsHeld = messages.Count == 0;
                break;
            }

            var delivery = new Delivery(
                reader.GetString(1),
                reader.GetInt32(2),
                reader.GetInt64(3),
                StoredAttributes.Read(reader.GetString(5)),
                await reader.GetFieldValueAsync<byte[]>(6, cancellationToken),
                await reader.IsDBNullAsync(4, cancellationToken) ? null : reader.GetString(4));
            messages.Add(new RetriedMessage(reader.GetInt64(0), IncomingMessage.From(delivery), reader.GetInt32(7), reader.GetInt32(8)));
        }

        return messages;
    }

    /// <summary>Its first message is tried again after so long; null: it is dead, and whoever redrives or discards it sets the time.</summary>
    public async Task CommitAsync(TimeSpan? dueIn, CancellationToken cancellationToken)
    {
        await SetDueAsync(dueIn, cancellationToken);
        await _transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Leaves the queue as it is and has it tried again after a pause. False when its row is no longer in our hands.</summary>
    public async Task<bool> TryPostponeAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await CommitAsync(pause, cancellationToken);
            return true;
        }
        catch (Exception exception) when (exception is NpgsqlException or InvalidOperationException)
        {
            return false; // The session is lost, or was when we last used it: what went wrong before that is the one to tell.
        }
    }

    /// <summary>Removes the empty queue; if a receiver is adding to it, it is looked at again in a moment.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        await using var @lock = Command(LockSql);
        if (await @lock.ExecuteScalarAsync(cancellationToken) is null)
        {
            await SetDueAsync(AMoment, cancellationToken);
        }
        else
        {
            await using var remove = Command(RemoveSql);
            await remove.ExecuteNonQueryAsync(cancellationToken);
        }

        await _transaction.CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task SetDueAsync(TimeSpan? dueIn, CancellationToken cancellationToken)
    {
        await using var command = Command(DueSql, new NpgsqlParameter { Value = (object?)dueIn ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Interval });
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private NpgsqlCommand Command(string sql, params ReadOnlySpan<NpgsqlParameter> more)
    {
        var command = new NpgsqlCommand(sql, _connection)
        {
            Parameters = { new NpgsqlParameter<string> { TypedValue = Consumer }, new NpgsqlParameter<string> { TypedValue = _queue } },
        };
        foreach (var parameter in more)
            command.Parameters.Add(parameter);
        return command;
    }
}
