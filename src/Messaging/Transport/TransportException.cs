namespace Messaging;

/// <summary>The broker could not be reached, did not answer in time, or refused.</summary>
public class TransportException : Exception
{
    /// <summary>Makes one that says what was tried and what came of it.</summary>
    public TransportException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>A message is larger than the broker takes. Trying again will not help.</summary>
public sealed class MessageTooLargeException : TransportException
{
    /// <summary>Makes one for a message of <paramref name="size"/> bytes where <paramref name="limit"/> are allowed.</summary>
    public MessageTooLargeException(string messageId, int size, int limit)
        : base($"Message {messageId} has {size} bytes; the broker takes {limit} at most.")
    {
        Size = size;
        Limit = limit;
    }

    /// <summary>The message's size in bytes, attributes included.</summary>
    public int Size { get; }

    /// <summary>The most the broker takes, in bytes.</summary>
    public int Limit { get; }
}
