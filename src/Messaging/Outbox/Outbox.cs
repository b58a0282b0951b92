namespace Messaging;

/// <summary>
/// What the code in one scope has decided to send. Nothing leaves before <see cref="IUnitOfWork.CommitAsync"/> has written it
/// with the business data, in one transaction; a relay publishes it afterwards (the transactional outbox).
/// MassTransit's publish and send end here too. Scoped; not thread-safe.
/// </summary>
public sealed class Outbox
{
    private readonly List<OutboxEntry> _entries = [];
    private readonly List<Guid> _cancellations = [];

    /// <summary>What is to be written, in the order it was added.</summary>
    public IReadOnlyList<OutboxEntry> Entries => _entries;

    /// <summary>The schedule tokens whose messages are to be taken back.</summary>
    public IReadOnlyList<Guid> Cancellations => _cancellations;

    /// <summary>True when there is nothing to write.</summary>
    public bool IsEmpty => _entries.Count == 0 && _cancellations.Count == 0;

    /// <summary>Adds a message.</summary>
    public void Add(OutboxEntry entry) => _entries.Add(entry);

    /// <summary>
    /// Takes back a message scheduled under a token, in this scope or an earlier one. One that is already on its way arrives.
    /// </summary>
    public void Cancel(Guid scheduleToken)
    {
        _entries.RemoveAll(entry => entry.ScheduleToken == scheduleToken);
        _cancellations.Add(scheduleToken);
    }

    /// <summary>Forgets everything: it has been written, or the transaction was rolled back.</summary>
    public void Clear()
    {
        _entries.Clear();
        _cancellations.Clear();
    }
}

/// <summary>A message to send.</summary>
/// <param name="Message">The message and its topic.</param>
/// <param name="Due">Not to be published before this time; null: at once.</param>
/// <param name="ScheduleToken">The name by which <see cref="Outbox.Cancel"/> takes it back; null: it cannot be taken back.</param>
public sealed record OutboxEntry(OutgoingMessage Message, DateTimeOffset? Due = null, Guid? ScheduleToken = null);

/// <summary>The one transaction of a scope: business data, outbox rows, and on the receiving side the inbox.</summary>
/// <remarks>
/// Messages of one key leave in the order of the commits only where their transactions exclude one another, such as by changing the same
/// row. A scope whose commit has failed is to be dropped.
/// </remarks>
public interface IUnitOfWork
{
    /// <summary>Saves the tracked changes and the scope's <see cref="Outbox"/> in one transaction and wakes the relay.</summary>
    /// <exception cref="Exception">Whatever the database says; nothing was written then. The scope is of no more use: do what it did again in a new one.</exception>
    Task CommitAsync(CancellationToken cancellationToken);
}
