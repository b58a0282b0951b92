using Npgsql;

namespace Messaging.Postgres;

/// <summary>Messages that the broker refused, on their way back to the outbox. Everything runs in the caller's transaction.</summary>
internal static class RefusedMessages
{
    private const string ReadSql = $"""
        select parked_id, topic, attributes, body from messaging.parked
        where parked_id = any($1) and consumer = '{OutboxRelay.Consumer}'
        order by parked_id
        """;

    /// <summary>Moves messages to the outbox under the ids they have, in their order. Their queues are taken to remove them.</summary>
    /// <param name="connection">The transaction that holds the queues.</param>
    /// <param name="outbox">The outbox of the scope that will be committed.</param>
    /// <param name="ids">Which.</param>
    /// <param name="body">Takes the place of their body; null: they keep it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What became of each that was there.</returns>
    public static async Task<IReadOnlyDictionary<long, string>> MoveToOutboxAsync(
        NpgsqlConnection connection, Outbox outbox, long[] ids, byte[]? body, CancellationToken cancellationToken)
    {
        var outcomes = new Dictionary<long, string>();
        var messages = new List<OutgoingMessage>();
        await using (var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids } } })
        await using (var reader = await command.ExecuteReaderAsync(cancellationToken))
        {
            while (await reader.ReadAsync(cancellationToken))
            {
                var attributes = StoredAttributes.Read(reader.GetString(2));
                var readable = CloudEvents.TryRead(attributes, body ?? await reader.GetFieldValueAsync<byte[]>(3, cancellationToken), out var message, out _);
                outcomes.Add(reader.GetInt64(0), readable ? Outcomes.Redriven : Outcomes.Unreadable);
                if (readable)
                    messages.Add(new OutgoingMessage(reader.GetString(1), message!));
            }
        }

        await QueueLock.RemoveAsync(
            connection, [.. outcomes.Where(outcome => outcome.Value == Outcomes.Redriven).Select(outcome => outcome.Key)], cancellationToken);
        foreach (var message in messages)
            outbox.Add(new OutboxEntry(message, Due: null, ScheduleToken: null));
        return outcomes;
    }
}
