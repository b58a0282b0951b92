using Npgsql;

namespace Messaging.Postgres;

/// <summary>The SQL of the inbox. Runs in the caller's transaction.</summary>
internal static class Inbox
{
    // The ids are sorted so that two batches that share some wait for each other instead of deadlocking.
    private const string EnterSql = """
        insert into messaging.inbox (consumer, message_id)
        select $1, message_id from unnest($2::text[]) as message_id
        on conflict do nothing
        returning message_id
        """;

    // No lock: should the queue go before the message is parked behind it, the message becomes the first of a new one.
    private const string BlockedSql = "select queue from messaging.parked_queues where consumer = $1 and queue = any($2)";

    /// <summary>Enters a batch's ids and finds the keys that have something parked, in one round trip.</summary>
    public static async Task<IReadOnlyList<Admission>> AdmitAsync(
        NpgsqlConnection connection, string consumer, IReadOnlyList<IncomingMessage> messages, CancellationToken cancellationToken)
    {
        var ids = messages.Select(message => StoredText.Name(message.Id)).ToArray();
        var queues = messages.Select(message => message.Key.Length == 0 ? null : ParkedMessage.QueueOf(message.Key)).ToArray();
        await using var batch = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand(EnterSql)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<string> { TypedValue = consumer },
                        new NpgsqlParameter<string[]> { TypedValue = [.. ids.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)] },
                    },
                },
                new NpgsqlBatchCommand(BlockedSql)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<string> { TypedValue = consumer },
                        new NpgsqlParameter<string[]> { TypedValue = [.. queues.OfType<string>().Distinct(StringComparer.Ordinal)] },
                    },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        var entered = await ReadAsync(reader, cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        var blocked = await ReadAsync(reader, cancellationToken);

        var admissions = new Admission[messages.Count];
        for (var i = 0; i < admissions.Length; i++)
        {
            if (!entered.Remove(ids[i])) // An id that stands twice in the batch is new the first time only.
                admissions[i] = Admission.Duplicate;
            else
                admissions[i] = queues[i] is { } queue && blocked.Contains(queue) ? Admission.ParkBehind : Admission.Handle;
        }

        return admissions;
    }

    private static async Task<HashSet<string>> ReadAsync(NpgsqlDataReader reader, CancellationToken cancellationToken)
    {
        var values = new HashSet<string>(StringComparer.Ordinal);
        while (await reader.ReadAsync(cancellationToken))
            values.Add(reader.GetString(0));
        return values;
    }
}
