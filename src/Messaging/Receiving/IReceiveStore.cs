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

    /// <summary>
    /// Keeps messages aside, in this transaction, in their order, in one round trip. Later messages of their keys will be admitted as
    /// <see cref="Admission.ParkBehind"/> until none of the key is left.
    /// </summary>
    Task ParkAsync(string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the transaction and takes parked messages out of it, to be handled now. False when some of them are no longer there:
    /// somebody else handled or discarded them, and the caller drops this scope.
    /// </summary>
    Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken);

    /// <summary>
    /// Begins the transaction and notes that a parked message failed again, with its attempts and retries as they are now. False when it
    /// is no longer there.
    /// </summary>
    Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken);
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

    /// <summary>It was parked and its turn has come: give it to its handler.</summary>
    Retry,
}

/// <summary>Why and how a message is parked.</summary>
/// <param name="Dead">True: no further attempt will be made by itself.</param>
/// <param name="Cause">One line: what went wrong. Never empty.</param>
/// <param name="Attempts">How often a handler had it, since it arrived.</param>
/// <param name="Detail">The exception in full, when there is one.</param>
/// <param name="RetryIn">After this time it is tried again; null: it is dead, or waits behind another of its key.</param>
public sealed record Parking(bool Dead, string Cause, int Attempts, string? Detail = null, TimeSpan? RetryIn = null);

/// <summary>A parked message whose turn has come.</summary>
/// <param name="ParkedId">The name of its place among the parked messages of the service.</param>
/// <param name="Message">As it arrived, or as an operator has mended it.</param>
/// <param name="Attempts">How often a handler had it.</param>
/// <param name="Retries">How many of these since it was parked or last redriven.</param>
public sealed record RetriedMessage(long ParkedId, IncomingMessage Message, int Attempts, int Retries);
