using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>Base of what JetStream calls throw.</summary>
public class NatsJSException : NatsException
{
    /// <summary>With a message.</summary>
    public NatsJSException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public NatsJSException(string message, Exception exception)
        : base(message, exception)
    {
    }
}

/// <summary>The server ended a pull, for instance with "409 Consumer Deleted".</summary>
public class NatsJSProtocolException(int headerCode, string headerMessageText)
    : NatsJSException($"JetStream server error: {headerCode} {headerMessageText}")
{
    /// <summary>The status code.</summary>
    public int HeaderCode { get; } = headerCode;

    /// <summary>The status text.</summary>
    public string HeaderMessageText { get; } = headerMessageText;
}

/// <summary>The message was stored before under the same id.</summary>
public class NatsJSDuplicateMessageException(ulong sequence) : NatsJSException($"Duplicate of {sequence}")
{
    /// <summary>The sequence it has.</summary>
    public ulong Sequence { get; } = sequence;
}

/// <summary>The JetStream API answered with an error.</summary>
public class NatsJSApiException(ApiError error) : NatsJSException(error.Description ?? string.Empty)
{
    /// <summary>The error.</summary>
    public ApiError Error { get; } = error;
}

/// <summary>No stream takes the subject, or the acknowledgement of a publish did not come in time: the message may or may not be stored.</summary>
public class NatsJSPublishNoResponseException() : NatsJSException("No response received from the server");

/// <summary>The JetStream API did not answer in time.</summary>
public class NatsJSApiNoResponseException() : NatsJSException("No API response received from the server");
