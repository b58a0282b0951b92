using Npgsql;

namespace Messaging.Postgres;

/// <summary>Where a scope's messages are written when it commits: a table, or the write-ahead log itself. Thread-safe.</summary>
internal interface IOutboxStorage
{
    /// <summary>
    /// Adds to a batch what writes the messages that a scope wants to send and takes back those it cancelled. Run it in the scope's
    /// transaction when that has its row locks already: then the order of a key's messages is the order of the changes they tell of.
    /// </summary>
    void Write(NpgsqlBatch batch, Outbox outbox);

    /// <summary>The transaction is committed: wakes who has to do with it.</summary>
    void Committed(Outbox outbox);
}

/// <summary>Writes rows of <c>messaging.outbox</c>, for <see cref="OutboxRelay"/>.</summary>
internal sealed class TableStorage(OutboxSignal signal) : IOutboxStorage
{
    public void Write(NpgsqlBatch batch, Outbox outbox) => OutboxTable.Write(batch, outbox);

    public void Committed(Outbox outbox)
    {
        var ready = false;
        foreach (var entry in outbox.Entries)
        {
            if (entry.Due is { } due)
                signal.Scheduled(due);
            else
                ready = true;
        }

        if (ready)
            signal.Ready();
    }
}
