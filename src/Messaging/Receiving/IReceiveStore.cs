namespace Messaging;

/// <summary>
/// The database side of receiving: one transaction that holds the inbox, the handlers' effects and their outbox rows.
/// Scoped, one per batch; disposing the scope without <see cref="IUnitOfWork.CommitAsync"/> rolls everything back. Not thread-safe.
/// </summary>
public interface IReceiveStore : IUnitOfWork
{
    /// <summary>
    /// Begins the transaction, enters the messages' ids into the consumer's inbox and says what is to become of each:
    /// in one round trip for the whole batch.
    /// </summary>
    /// <param name="consumer">Whose inbox: the consumer group.</param>
    /// <param name="batch">Messages of one partition in order; an id that stands twice in it is a duplicate the second time.</param>
    /// <param name="cancellationToken">Gives up; the transaction is rolled back with the scope.</param>
    /// <returns>One admission per message, in the same order.</returns>
    Task<IReadOnlyList<Admission>> AdmitAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken);

    /// <summary>Keeps a message aside, in this transaction, with its cause. Later messages of its key will be admitted as <see cref="Admission.ParkBehind"/>.</summary>
    Task ParkAsync(string consumer, IncomingMessage message, Parking parking, CancellationToken cancellationToken);
}

/// <summary>What becomes of a received message.</summary>
public enum Admission
{
    /// <summary>New: give it to its handler.</summary>
    Handle,

    /// <summary>The inbox has it: it had its effect.</summary>
    Duplicate,

    /// <summary>An earlier message of its key is parked: it must wait behind that one.</summary>
    ParkBehind,
}

/// <summary>Why and how a message is parked.</summary>
/// <param name="Dead">True: no further attempt will be made by itself. False: it waits behind another.</param>
/// <param name="Cause">One line: what went wrong. Never empty.</param>
/// <param name="Attempts">How often a handler had it.</param>
/// <param name="Detail">The exception in full, when there is one.</param>
public sealed record Parking(bool Dead, string Cause, int Attempts, string? Detail = null);
