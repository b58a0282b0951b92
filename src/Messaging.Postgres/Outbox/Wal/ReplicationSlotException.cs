namespace Messaging.Postgres;

/// <summary>
/// The service cannot read the write-ahead log: the server does not write what logical decoding needs, has no slot left, or the
/// role may not. The message says what to set. Thrown when the host starts.
/// </summary>
public sealed class ReplicationSlotException : Exception
{
    /// <summary>Makes one that says what is missing and what to do about it.</summary>
    public ReplicationSlotException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
