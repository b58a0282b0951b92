using Microsoft.EntityFrameworkCore;

namespace Messaging.Postgres;

/// <summary>Loads, before a batch of messages is handled, what their handlers will ask for one after another. Scoped.</summary>
internal interface ILoadAhead
{
    /// <summary>Loads what the handlers of these messages will ask for; nothing when that is no more than one row.</summary>
    Task LoadAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken);
}

/// <summary>
/// The rows of one table whose primary key is the key of the messages, a UUID. Handlers that look for theirs here find those of a
/// batch loaded by one query instead of one each. Scoped: it sees the scope's DbContext, and what was found changes there as any
/// other row. Not thread-safe.
/// </summary>
public sealed class RowsByKey<TRow>
    where TRow : class
{
    private readonly DbContext _db;
    private readonly Func<string, Message, bool> _wants;
    private readonly HashSet<Guid> _missing = [];

    /// <summary>Loads nothing ahead. See <see cref="PostgresMessaging.LoadAhead{TDbContext, TRow}"/>.</summary>
    public RowsByKey(DbContext db)
        : this(db, static (_, _) => false)
    {
    }

    internal RowsByKey(DbContext db, Func<string, Message, bool> wants) => (_db, _wants) = (db, wants);

    /// <summary>The row with this key, tracked; null when there is none.</summary>
    public ValueTask<TRow?> FindAsync(Guid key, CancellationToken cancellationToken) =>
        _missing.Remove(key) // The next to ask may come after somebody has added it.
            ? new ValueTask<TRow?>(result: null)
            : _db.Set<TRow>().FindAsync([key], cancellationToken);

    internal async Task LoadAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var keys = new HashSet<Guid>();
        foreach (var incoming in batch)
        {
            if (incoming.Message is { } message && _wants(consumer, message) && Guid.TryParse(message.PartitionKey, out var key))
                keys.Add(key);
        }

        if (keys.Count < 2)
            return;
        var wanted = keys.ToArray();
        var name = _db.Model.FindEntityType(typeof(TRow))!.FindPrimaryKey()!.Properties.Single().Name;
        foreach (var row in await _db.Set<TRow>().Where(row => wanted.Contains(EF.Property<Guid>(row, name))).ToListAsync(cancellationToken))
            keys.Remove((Guid)_db.Entry(row).Property(name).CurrentValue!);
        _missing.UnionWith(keys);
    }
}

/// <summary>Loads the rows of one table ahead.</summary>
internal sealed class LoadRowsAhead<TRow>(RowsByKey<TRow> rows) : ILoadAhead
    where TRow : class
{
    public Task LoadAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken) =>
        rows.LoadAsync(consumer, batch, cancellationToken);
}
