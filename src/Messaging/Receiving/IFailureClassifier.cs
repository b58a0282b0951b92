namespace Messaging;

/// <summary>
/// Tells what a failed handler's exception means. Several may be registered; the first that knows decides. An exception that
/// none of them knows is the message's own (<see cref="FailureKind.Message"/>). Thread-safe.
/// </summary>
public interface IFailureClassifier
{
    /// <summary>The meaning of an exception; null when this classifier does not know it.</summary>
    FailureKind? Classify(Exception exception);
}

/// <summary>What a failure means for the message in hand.</summary>
public enum FailureKind
{
    /// <summary>The message or its handler is at fault: it is tried a few times, then parked.</summary>
    Message,

    /// <summary>Another transaction was faster; trying again will do. Counts as no attempt for <see cref="ReceiveOptions.ConcurrencyRetries"/> times.</summary>
    Concurrency,

    /// <summary>Something everybody needs is down (a database, an open circuit): the partition pauses, no attempt is counted.</summary>
    Dependency,
}
