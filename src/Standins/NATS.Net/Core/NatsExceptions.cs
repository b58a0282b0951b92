namespace Standins.NATS.Client.Core;

/// <summary>Base of everything this client throws on its own account.</summary>
public class NatsException : Exception
{
    /// <summary>With a message.</summary>
    public NatsException(string message)
        : base(message)
    {
    }

    /// <summary>With a message and its cause.</summary>
    public NatsException(string message, Exception exception)
        : base(message, exception)
    {
    }
}

/// <summary>A request got no reply in time.</summary>
public sealed class NatsNoReplyException() : NatsException("No reply received");

/// <summary>Nobody listens on the subject of a request.</summary>
public sealed class NatsNoRespondersException() : NatsException("No responders");

/// <summary>The server sent <c>-ERR</c>.</summary>
public sealed class NatsServerException : NatsException
{
    private static readonly string[] AuthErrors =
        ["authorization violation", "user authentication expired", "user authentication revoked", "account authentication expired"];

    /// <summary>With the server's text.</summary>
    public NatsServerException(string error)
        : base($"Server error: {error}")
    {
        ArgumentNullException.ThrowIfNull(error);
        Error = error.ToLowerInvariant();
        IsAuthError = Array.Exists(AuthErrors, known => Error.Contains(known, StringComparison.Ordinal));
    }

    /// <summary>The server's text in lower case.</summary>
    public string Error { get; }

    /// <summary>Whether the server refused the credentials.</summary>
    public bool IsAuthError { get; }
}

/// <summary>The message is larger than the server's <c>max_payload</c>; it was not sent.</summary>
public sealed class NatsPayloadTooLargeException(string error) : NatsException(error);

/// <summary>The connection gave up reconnecting.</summary>
public sealed class NatsConnectionFailedException(string message) : NatsException(message);

/// <summary>The server sent something that is not the NATS protocol, or more than is allowed.</summary>
public sealed class NatsProtocolViolationException(string message) : NatsException(message);

/// <summary>A message arrived but its payload could not be deserialised; found in <c>msg.Error</c>, never thrown by an enumeration.</summary>
public class NatsDeserializeException(byte[] rawData, Exception inner) : NatsException("Exception during deserialization", inner)
{
    /// <summary>The payload as it arrived.</summary>
    public byte[] RawData { get; } = rawData;
}

/// <summary>A message arrived but its headers could not be read; found in <c>msg.Error</c>.</summary>
public class NatsHeaderParseException(byte[] rawData, Exception inner) : NatsException("Exception parsing headers", inner)
{
    /// <summary>The header block as it arrived.</summary>
    public byte[] RawData { get; } = rawData;
}
