using System.Runtime.InteropServices;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>The SQL that writes the outbox. Everything runs in the caller's transaction.</summary>
internal static class OutboxTable
{
    /// <summary>Rows of one key share a lane, and a lane is in one relay's hands at a time: that keeps their order.</summary>
    public const int Lanes = 16;

    /// <summary>
    /// An expression: how long the oldest ready row has waited, null when there is none. <c>$1</c> is <see cref="Lanes"/>. A look at
    /// the head of each lane, however long they are.
    /// </summary>
    public const string OldestAge = """
        (select clock_timestamp() - min(head.ready_since)
         from generate_series(0, $1 - 1) as number
         cross join lateral (
           select o.ready_since from messaging.outbox o where o.lane = number order by o.id limit 1) as head)
        """;

    private const string InsertSql = """
        insert into messaging.outbox (lane, due, schedule_token, topic, attributes, body)
        select case when due is null then lane else ~lane end, due, schedule_token, topic, attributes, body
        from unnest($1::smallint[], $2::timestamptz[], $3::uuid[], $4::text[], $5::jsonb[], $6::bytea[])
          with ordinality as row (lane, due, schedule_token, topic, attributes, body, place)
        order by place
        """;

    private const string PutBackSql = """
        insert into messaging.outbox (id, lane, schedule_token, topic, attributes, body, ready_since)
        select * from unnest($1::bigint[], $2::smallint[], $3::uuid[], $4::text[], $5::jsonb[], $6::bytea[], $7::timestamptz[])
        """;

    // A row that a relay has in hand at this moment is on its way: no waiting for what becomes of it.
    private const string CancelSql = """
        delete from messaging.outbox
        where ctid = any (array(
          select ctid from messaging.outbox where schedule_token = any($1) for update skip locked))
        """;

    /// <summary>Which lane a key's messages are in.</summary>
    public static short LaneOf(string key) => (short)Partitioner.PartitionOf(key, Lanes);

    /// <summary>
    /// Adds to a batch what writes the messages that a scope wants to send and takes back those it cancelled. Run it when the
    /// transaction has its row locks already: the ids drawn then are the order in which a key's messages go out.
    /// </summary>
    public static void Write(NpgsqlBatch batch, Outbox outbox)
    {
        if (outbox.Cancellations.Count > 0)
        {
            batch.BatchCommands.Add(new NpgsqlBatchCommand(CancelSql)
            {
                Parameters = { new NpgsqlParameter<Guid[]> { TypedValue = [.. outbox.Cancellations] } },
            });
        }

        if (outbox.Entries.Count > 0)
            batch.BatchCommands.Add(Insert(outbox.Entries));
    }

    /// <summary>Puts back, under the same ids, rows that were claimed in this transaction and that the broker did not take.</summary>
    public static async Task PutBackAsync(
        NpgsqlConnection connection, IReadOnlyList<OutboxRow> rows, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(PutBackSql, connection)
        {
            Parameters =
            {
                new NpgsqlParameter<long[]> { TypedValue = [.. rows.Select(row => row.Id)] },
                new NpgsqlParameter<short[]> { TypedValue = [.. rows.Select(row => row.Lane)] },
                new NpgsqlParameter<Guid?[]> { TypedValue = [.. rows.Select(row => row.ScheduleToken)] },
                new NpgsqlParameter<string[]> { TypedValue = [.. rows.Select(row => row.Topic)] },
                new NpgsqlParameter<byte[][]>
                {
                    NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
                    TypedValue = [.. rows.Select(row => row.Attributes)],
                },
                new NpgsqlParameter<byte[][]> { TypedValue = [.. rows.Select(row => row.Body)] },
                new NpgsqlParameter<DateTime[]> { TypedValue = [.. rows.Select(row => row.ReadySince)] },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlBatchCommand Insert(IReadOnlyList<OutboxEntry> entries) => new(InsertSql)
    {
        Parameters =
        {
            new NpgsqlParameter<short[]> { TypedValue = [.. entries.Select(entry => LaneOf(entry.Message.Message.PartitionKey))] },
            new NpgsqlParameter<DateTime?[]>
            {
                NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz, // a null at the head would be taken for one without a zone
                TypedValue = [.. entries.Select(entry => entry.Due?.UtcDateTime)],
            },
            new NpgsqlParameter<Guid?[]> { TypedValue = [.. entries.Select(entry => entry.ScheduleToken)] },
            new NpgsqlParameter<string[]> { TypedValue = [.. entries.Select(entry => entry.Message.Topic)] },
            Jsonb(entries.Select(entry => StoredAttributes.Of(entry.Message.Message))),
            new NpgsqlParameter<byte[][]> { TypedValue = [.. entries.Select(entry => Bytes(entry.Message.Message.Body))] },
        },
    };

    private static NpgsqlParameter<string[]> Jsonb(IEnumerable<string> documents) => new()
    {
        NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb,
        TypedValue = [.. documents],
    };

    private static byte[] Bytes(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var segment) && segment.Offset == 0 && segment.Count == segment.Array!.Length
            ? segment.Array
            : body.ToArray();
}
