using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Writes messages into the write-ahead log, with the transaction and nowhere else, for <see cref="WalRelay"/>. Those with a due
/// time, and cancellations, go to the table, and from there out by <see cref="OutboxRelay"/>.
/// </summary>
internal sealed class WalStorage(TableStorage table) : IOutboxStorage
{
    private const string EmitSql = """
        select pg_logical_emit_message(true, $1, content)
        from unnest($2::bytea[]) with ordinality as message (content, place)
        order by place
        """;

    public void Write(NpgsqlBatch batch, Outbox outbox)
    {
        if (Scheduled(outbox) is { IsEmpty: false } scheduled)
            table.Write(batch, scheduled);

        byte[][] contents = [.. outbox.Entries.Where(entry => entry.Due is null).Select(entry => WalContent.Write(entry.Message))];
        if (contents.Length == 0)
            return;
        batch.BatchCommands.Add(new NpgsqlBatchCommand(EmitSql)
        {
            Parameters =
            {
                new NpgsqlParameter<string> { TypedValue = WalContent.Prefix },
                new NpgsqlParameter<byte[][]> { TypedValue = contents },
            },
        });
    }

    public void Committed(Outbox outbox) => table.Committed(Scheduled(outbox));

    private static Outbox Scheduled(Outbox outbox)
    {
        var scheduled = new Outbox();
        foreach (var token in outbox.Cancellations)
            scheduled.Cancel(token);
        foreach (var entry in outbox.Entries.Where(entry => entry.Due is not null))
            scheduled.Add(entry);
        return scheduled;
    }
}
