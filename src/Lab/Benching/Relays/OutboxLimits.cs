using System.Text;
using System.Text.Json;
using Messaging;
using Npgsql;
using NpgsqlTypes;

namespace Lab.Benching.Relays;

/// <summary>What bounds a relay: its database work and its publishing, each alone, on one connection and without any logic.</summary>
internal static class OutboxLimits
{
    private const string InsertSql = """
        insert into messaging.outbox (lane, topic, attributes, body)
        select * from unnest($1::smallint[], $2::text[], $3::jsonb[], $4::bytea[])
        """;

    private const string DeleteSql = """
        delete from messaging.outbox
        where ctid = any (array(select ctid from messaging.outbox order by lane, id limit $1 for update skip locked))
        returning id, lane, topic, attributes, body
        """;

    /// <summary>Rows into the outbox, a transaction per batch.</summary>
    public static async Task<Measurement> InsertAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync("table", 0, cancellationToken);
        var chunks = RelayStage.Messages(count).Chunk(RelayStage.Batch).ToArray();
        var attributes = AttributesOf(chunks[0][0].Message);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var meter = stage.StartMeter();
        foreach (var chunk in chunks)
        {
            await using var insert = new NpgsqlCommand(InsertSql, connection)
            {
                Parameters =
                {
                    new NpgsqlParameter<short[]> { TypedValue = [.. chunk.Select((_, index) => (short)(index % 16))] },
                    new NpgsqlParameter<string[]> { TypedValue = [.. chunk.Select(message => message.Topic)] },
                    new NpgsqlParameter<string[]> { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Jsonb, TypedValue = [.. chunk.Select(_ => attributes)] },
                    new NpgsqlParameter<byte[][]> { TypedValue = [.. chunk.Select(message => message.Message.Body.ToArray())] },
                },
            };
            await insert.ExecuteNonQueryAsync(cancellationToken);
        }

        return meter.Stop(count);
    }

    /// <summary>Rows out of the outbox, a transaction per batch.</summary>
    public static async Task<Measurement> DeleteAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync("table", count, cancellationToken);
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        var body = new byte[RelayStage.BodyBytes];
        var (deleted, bytes) = (0, 0L);
        var meter = stage.StartMeter();
        while (deleted < count)
        {
            await using var delete = new NpgsqlCommand(DeleteSql, connection) { Parameters = { new NpgsqlParameter<int> { TypedValue = RelayStage.Batch } } };
            await using var reader = await delete.ExecuteReaderAsync(cancellationToken);
            for (; await reader.ReadAsync(cancellationToken); deleted++)
                bytes += reader.GetInt64(0) + reader.GetInt16(1) + reader.GetString(2).Length + reader.GetString(3).Length + reader.GetBytes(4, 0, body, 0, body.Length);
        }

        return bytes > 0 ? meter.Stop(count) : throw new LabException("nothing was deleted");
    }

    /// <summary>The same messages straight into the broker, pipelined as the port does it.</summary>
    public static async Task<Measurement> PublishAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        var messages = RelayStage.Messages(count);
        var meter = stage.StartMeter();
        var outcome = await stage.Port.PublishAsync(messages, cancellationToken);
        return outcome.Succeeded ? meter.Stop(count) : throw new LabException(outcome.Failures[0].Cause.Message, outcome.Failures[0].Cause);
    }

    /// <summary>A message's attributes as the outbox has them.</summary>
    public static string AttributesOf(Message message)
    {
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal);
        CloudEvents.Write(message, attributes, static (all, name, value) => all[name] = value);
        return Encoding.UTF8.GetString(JsonSerializer.SerializeToUtf8Bytes(attributes));
    }
}
