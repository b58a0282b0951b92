using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>The SQL that puts messages aside and takes them up again. Runs in the caller's transaction.</summary>
internal static class ParkedTable
{
    // In the order of the queues' names, so that two who park at once wait for each other instead of deadlocking.
    private const string QueueSql = """
        insert into messaging.parked_queues (consumer, queue, due)
        select distinct on (consumer, queue) consumer, queue, case when not dead then clock_timestamp() + coalesce(pause, interval '0') end
        from unnest($1::text[], $2::text[], $3::bool[], $4::interval[]) with ordinality as row (consumer, queue, dead, pause, place)
        order by consumer, queue, place
        on conflict do nothing
        """;

    // A queue that was there may be on its way out. Locked like this it stays, and who retries its first message is not kept waiting.
    private const string HoldSql = """
        select q.queue from messaging.parked_queues q
        join unnest($1::text[], $2::text[]) as wanted (consumer, queue) using (consumer, queue)
        for key share of q
        """;

    private const string InsertSql = """
        insert into messaging.parked
          (consumer, message_id, topic, partition, position, type, key, queue, attributes, body, state, cause, cause_group, detail, attempts, history)
        select consumer, message_id, topic, partition, position, type, key, queue, attributes, body,
               case when dead then 'dead' else 'parked' end, cause, cause_group, detail, attempts,
               jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'what', case when attempts > 0 or dead then 'failed' else 'parked' end, 'cause', cause))
        from unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::jsonb[], $10::bytea[],
                    $11::bool[], $12::text[], $13::text[], $14::text[], $15::int[])
          with ordinality as row (consumer, message_id, topic, partition, position, type, key, queue, attributes, body,
                                  dead, cause, cause_group, detail, attempts, place)
        order by place
        on conflict (consumer, message_id) do nothing
        """;

    private const string TakeUpSql = "delete from messaging.parked where parked_id = any($1)";

    private const string ParkAgainSql = """
        update messaging.parked
        set state = case when $2 then 'dead' else 'parked' end, cause = $3, cause_group = $4, detail = $5, attempts = $6, retries = $7,
            history = history || jsonb_build_array(jsonb_build_object('at', clock_timestamp(), 'what', 'failed', 'cause', $3))
        where parked_id = $1
        """;

    /// <summary>Keeps messages, in their order; each queue that is new gets its due time from its first one. What is parked already stays as it is.</summary>
    public static async Task InsertAsync(NpgsqlConnection connection, IReadOnlyList<ParkedMessage> messages, CancellationToken cancellationToken)
    {
        var queues = messages.Select(message => (message.Consumer, message.Queue)).Distinct().Count();
        while (await HoldQueuesAsync(connection, messages, cancellationToken) < queues)
        {
            // One of them went away between the two statements. Next time it is a new one, and that is ours.
        }

        await using var insert = new NpgsqlCommand(InsertSql, connection)
        {
            Parameters =
            {
                Texts(messages.Select(message => message.Consumer)),
                Texts(messages.Select(message => StoredText.Name(message.Id))),
                Texts(messages.Select(message => StoredText.Readable(message.Topic))),
                new NpgsqlParameter<int?[]> { TypedValue = [.. messages.Select(message => message.Partition)] },
                new NpgsqlParameter<long?[]> { TypedValue = [.. messages.Select(message => message.Position)] },
                Texts(messages.Select(message => message.Type is null ? null : StoredText.Readable(message.Type))),
                Texts(messages.Select(message => message.Key.Length == 0 ? null : StoredText.Name(message.Key))),
                Texts(messages.Select(message => message.Queue)),
                new() { Value = messages.Select(message => message.Attributes).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb },
                new() { Value = messages.Select(message => message.Body.ToArray()).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea },
                Dead(messages),
                Texts(messages.Select(message => StoredText.Readable(message.Parking.Cause))),
                Texts(messages.Select(message => CauseGroup.Of(StoredText.Readable(message.Parking.Cause)))),
                Texts(messages.Select(message => message.Parking.Detail is null ? null : StoredText.Readable(message.Parking.Detail))),
                new NpgsqlParameter<int[]> { TypedValue = [.. messages.Select(message => message.Parking.Attempts)] },
            },
        };
        await insert.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Takes messages out. True when all of them were still there.</summary>
    public static async Task<bool> TakeUpAsync(NpgsqlConnection connection, IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(TakeUpSql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. messages.Select(message => message.ParkedId)] } },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken) == messages.Count;
    }

    /// <summary>Notes a further failure. True when the message was still there. Its queue's due time is whose who holds the queue.</summary>
    public static async Task<bool> ParkAgainAsync(
        NpgsqlConnection connection, RetriedMessage message, Parking parking, CancellationToken cancellationToken)
    {
        var cause = StoredText.Readable(parking.Cause);
        await using var command = new NpgsqlCommand(ParkAgainSql, connection)
        {
            Parameters =
            {
                new() { Value = message.ParkedId },
                new() { Value = parking.Dead },
                new() { Value = cause },
                new() { Value = CauseGroup.Of(cause) },
                new() { Value = (object?)parking.Detail ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text },
                new() { Value = parking.Attempts },
                new() { Value = message.Retries },
            },
        };
        return await command.ExecuteNonQueryAsync(cancellationToken) == 1;
    }

    private static async Task<int> HoldQueuesAsync(
        NpgsqlConnection connection, IReadOnlyList<ParkedMessage> messages, CancellationToken cancellationToken)
    {
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(QueueSql)
                {
                    Parameters =
                    {
                        Texts(messages.Select(message => message.Consumer)),
                        Texts(messages.Select(message => message.Queue)),
                        Dead(messages),
                        new NpgsqlParameter<TimeSpan?[]> { TypedValue = [.. messages.Select(message => message.Parking.RetryIn)] },
                    },
                },
                new NpgsqlBatchCommand(HoldSql)
                {
                    Parameters =
                    {
                        Texts(messages.DistinctBy(message => (message.Consumer, message.Queue)).Select(message => message.Consumer)),
                        Texts(messages.DistinctBy(message => (message.Consumer, message.Queue)).Select(message => message.Queue)),
                    },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var held = 0;
        while (await reader.ReadAsync(cancellationToken))
            held++;
        return held;
    }

    private static NpgsqlParameter<string?[]> Texts(IEnumerable<string?> values) =>
        new() { TypedValue = [.. values], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter<bool[]> Dead(IReadOnlyList<ParkedMessage> messages) =>
        new() { TypedValue = [.. messages.Select(message => message.Parking.Dead)] };
}
