using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// The one transaction of a scope, on the connection of its DbContext: business data, outbox, inbox, parked messages.
/// </summary>
internal sealed partial class PostgresStore(
    DbContext db,
    Outbox outbox,
    IOutboxStorage storage,
    ParkedSignal parked,
    IEnumerable<ILoadAhead> ahead,
    IEnumerable<IAfterCommit> listeners,
    ILogger<PostgresStore> logger) : IReceiveStore, IDisposable
{
    private bool _answerable = true;
    private bool _parks;

    /// <summary>The scope's DbContext: what the handlers write through.</summary>
    public DbContext Db => db;

    public async Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var admissions = await Inbox.AdmitAsync(await BeginReceivingAsync(cancellationToken), consumer, batch, cancellationToken);
        if (batch.Count > 1)
        {
            foreach (var rows in ahead)
                await rows.LoadAsync(consumer, batch, cancellationToken);
        }

        return admissions;
    }

    public async Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) =>
        await ParkedTable.TakeUpAsync(await BeginReceivingAsync(cancellationToken), messages, cancellationToken);

    public async Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) =>
        await ParkedTable.ParkAgainAsync(await BeginReceivingAsync(cancellationToken), message, parking, cancellationToken);

    public async Task ParkAsync(
        string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken)
    {
        var transaction = db.Database.CurrentTransaction
            ?? throw new InvalidOperationException("A message is parked in the transaction that AdmitAsync begins; there is none.");
        await ParkedTable.InsertAsync(
            ConnectionOf(transaction), [.. messages.Select(each => ParkedMessage.Of(consumer, each.Message, each.Parking))], cancellationToken);
        _parks = true;
    }

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        _answerable = false; // From here on a failure is the caller's to see.
        if (db.Database.CurrentTransaction is null && outbox.IsEmpty && !db.ChangeTracker.HasChanges())
            return;

        await using (var transaction = db.Database.CurrentTransaction ?? await db.Database.BeginTransactionAsync(cancellationToken))
        {
            await using var last = new NpgsqlBatch(ConnectionOf(transaction));
            (db as IWriteAtCommit)?.Write(last);
            await SaveChangesAsync(cancellationToken);
            await WriteAndCommitAsync(last, cancellationToken);
        }

        db.ChangeTracker.AcceptAllChanges();
        storage.Committed(outbox);
        foreach (var listener in listeners)
            listener.Committed(db);
        if (_parks)
            parked.Set();
        _parks = false;
        outbox.Clear();
        _answerable = true;
    }

    /// <summary>Says so when the scope ends with messages that nobody committed: they are lost, and somebody forgot something.</summary>
    public void Dispose()
    {
        if (_answerable && outbox.Entries.Count > 0)
            LogForgotten(outbox.Entries.Count, outbox.Entries[0].Message.Message.Type);
        _answerable = false;
    }

    private async Task<NpgsqlConnection> BeginReceivingAsync(CancellationToken cancellationToken)
    {
        _answerable = false; // A receiver drops its scope on purpose when a handler fails: the broker still has the messages.
        return ConnectionOf(await db.Database.BeginTransactionAsync(cancellationToken));
    }

    /// <summary>Writes the outbox and commits in one round trip. What there is of the transaction in EF only has to be disposed of.</summary>
    private async Task WriteAndCommitAsync(NpgsqlBatch batch, CancellationToken cancellationToken)
    {
        if (!outbox.IsEmpty)
            storage.Write(batch, outbox);
        batch.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await batch.ExecuteNonQueryAsync(cancellationToken);
    }

    private async Task SaveChangesAsync(CancellationToken cancellationToken)
    {
        // Nobody rolls back to before this save only, so the savepoint that EF would set costs two round trips for nothing.
        // The changes count as saved once they are committed.
        var savepoints = db.Database.AutoSavepointsEnabled;
        db.Database.AutoSavepointsEnabled = false;
        try
        {
            await db.SaveChangesAsync(acceptAllChangesOnSuccess: false, cancellationToken);
        }
        finally
        {
            db.Database.AutoSavepointsEnabled = savepoints;
        }
    }

    private static NpgsqlConnection ConnectionOf(IDbContextTransaction transaction) =>
        (NpgsqlConnection)transaction.GetDbTransaction().Connection!;

    [LoggerMessage(Level = LogLevel.Error, Message =
        "A scope ended with {Count} messages that were never committed, the first a {Type}. They are not sent: call IUnitOfWork.CommitAsync")]
    private partial void LogForgotten(int count, string type);
}
