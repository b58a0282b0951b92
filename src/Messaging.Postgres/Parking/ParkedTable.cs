using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>The SQL that puts messages aside. Runs in the caller's transaction.</summary>
internal static class ParkedTable
{
    // A message that is parked again has new things to tell about its failure; what it is has not changed.
    private const string InsertSql = """
        insert into messaging.parked
          (consumer, message_id, topic, partition, position, type, key, attributes, body, state, cause, detail, attempts)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        on conflict (consumer, message_id) do update
          set state = excluded.state, cause = excluded.cause, detail = excluded.detail,
              attempts = excluded.attempts, parked_at = excluded.parked_at
        """;

    /// <summary>Keeps a message.</summary>
    public static async Task InsertAsync(NpgsqlConnection connection, ParkedMessage message, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(InsertSql, connection)
        {
            Parameters =
            {
                new() { Value = message.Consumer },
                new() { Value = StoredText.Name(message.Id) },
                new() { Value = StoredText.Readable(message.Topic) },
                Nullable(message.Partition, NpgsqlDbType.Integer),
                Nullable(message.Position, NpgsqlDbType.Bigint),
                Nullable(message.Type is null ? null : StoredText.Readable(message.Type), NpgsqlDbType.Text),
                Nullable(message.Key.Length == 0 ? null : StoredText.Name(message.Key), NpgsqlDbType.Text),
                new() { Value = message.Attributes, NpgsqlDbType = NpgsqlDbType.Jsonb },
                new() { Value = message.Body, NpgsqlDbType = NpgsqlDbType.Bytea },
                new() { Value = message.Parking.Dead ? "dead" : "parked" },
                new() { Value = StoredText.Readable(message.Parking.Cause) },
                Nullable(message.Parking.Detail is null ? null : StoredText.Readable(message.Parking.Detail), NpgsqlDbType.Text),
                new() { Value = message.Parking.Attempts },
            },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Nullable(object? value, NpgsqlDbType type) => new() { Value = value ?? DBNull.Value, NpgsqlDbType = type };
}

/// <summary>A message to put aside, and why.</summary>
/// <param name="Consumer">Who could not handle it.</param>
/// <param name="Id">Its id, or its place where it has none.</param>
/// <param name="Topic">The topic it came from or was going to.</param>
/// <param name="Partition">The partition it came from; null when it never reached the broker.</param>
/// <param name="Position">Its place there; null likewise.</param>
/// <param name="Type">The kind of message, when that can be told.</param>
/// <param name="Key">The key whose later messages wait behind it; empty: none.</param>
/// <param name="Attributes">Its attributes as a JSON object.</param>
/// <param name="Body">Its body.</param>
/// <param name="Parking">The cause.</param>
internal sealed record ParkedMessage(
    string Consumer,
    string Id,
    string Topic,
    int? Partition,
    long? Position,
    string? Type,
    string Key,
    string Attributes,
    ReadOnlyMemory<byte> Body,
    Parking Parking)
{
    /// <summary>A received message, with its attributes as they arrived.</summary>
    public static ParkedMessage Of(string consumer, IncomingMessage message, Parking parking) => new(
        consumer,
        message.Id,
        message.Delivery.Topic,
        message.Delivery.Partition,
        message.Delivery.Position,
        message.Message?.Type,
        message.Key,
        StoredAttributes.Of(message.Delivery.Attributes),
        message.Delivery.Body,
        parking);
}
