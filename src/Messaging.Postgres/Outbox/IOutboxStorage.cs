using Npgsql;

namespace Messaging.Postgres;

/// <summary>Where a scope's messages are written when it commits: a table, or the write-ahead log itself. Thread-safe.</summary>
internal interface IOutboxStorage
{
    /// <summary>
    /// Writes what a scope wants to send and takes back what it cancelled, in the caller's transaction. Call it when that has its
    /// row locks already: then the order of a key's messages is the order of the changes they tell of.
    /// </summary>
    Task WriteAsync(NpgsqlConnection connection, Outbox outbox, CancellationToken cancellationToken);

    /// <summary>The transaction is committed: wakes who has to do with it.</summary>
    void Committed(Outbox outbox);
}

/// <summary>Writes rows of <c>messaging.outbox</c>, for <see cref="OutboxRelay"/>.</summary>
internal sealed class TableStorage(OutboxSignal signal) : IOutboxStorage
{
    public Task WriteAsync(NpgsqlConnection connection, Outbox outbox, CancellationToken cancellationToken) =>
        OutboxTable.WriteAsync(connection, outbox, cancellationToken);

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
