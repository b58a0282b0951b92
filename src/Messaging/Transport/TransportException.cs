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

/// <summary>There is no such topic at the broker. Make it with <see cref="ITransport.EnsureTopicsAsync"/>.</summary>
public sealed class TopicNotFoundException : TransportException
{
    /// <summary>Makes one for <paramref name="topic"/>.</summary>
    public TopicNotFoundException(string topic, Exception? innerException = null)
        : base($"There is no topic {topic}; it has to be made before it can be used.", innerException) => Topic = topic;

    /// <summary>The topic's name.</summary>
    public string Topic { get; }
}

/// <summary>A message was not published because an earlier one of its key in the batch failed, which it must not overtake.</summary>
public sealed class PrecedingMessageFailedException : TransportException
{
    /// <summary>Makes one for a message that stood behind <paramref name="failedId"/>.</summary>
    public PrecedingMessageFailedException(string messageId, string failedId)
        : base($"Message {messageId} was held back because message {failedId}, earlier in its key, failed.") => FailedId = failedId;

    /// <summary>The id of the message that failed.</summary>
    public string FailedId { get; }
}
