namespace Messaging;

/// <summary>
/// Optional facet of a transport: a question to whoever answers at an address, and the answer. Nothing is kept: a question that
/// is not answered in time is lost, and asking again may have it answered twice. Thread-safe.
/// </summary>
public interface IRequestReply
{
    /// <summary>Sends a request to one responder of each service at the address; the first reply is the answer.</summary>
    /// <param name="address">Named like a topic: lower-case letters, digits, dots and hyphens. Needs not be made.</param>
    /// <param name="request">The request.</param>
    /// <param name="timeout">How long to wait for the reply, more than zero. A responder that sees the request later does not execute it, where the transport can tell.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="ArgumentException">The address is none.</exception>
    /// <exception cref="NoRespondersException">Nobody answers there, and the broker knows (<see cref="TransportCapabilities.ImmediateNoResponders"/>).</exception>
    /// <exception cref="RequestTimeoutException">No reply came in time.</exception>
    /// <exception cref="RequestFailedException">The responder's handler threw.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    Task<Message> RequestAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken);

    /// <summary>
    /// Answers requests until <paramref name="stopping"/> is cancelled, then finishes those in hand. A handler that throws
    /// answers with its exception's message. The handler's token is cancelled when the process may wait no longer.
    /// </summary>
    /// <exception cref="TransportException">The responder cannot be set up. Once running, a lost broker is waited for.</exception>
    Task RespondAsync(Responder responder, RequestHandler handler, CancellationToken stopping);
}

/// <summary>Who answers.</summary>
/// <param name="Address">The address, named like a topic; else an <see cref="ArgumentException"/>.</param>
/// <param name="Service">The instances of one service share the requests: each request goes to one of them. On Kafka the key decides which.</param>
/// <param name="Concurrency">The most requests in this instance's hands at a time, at least 1. Default 16.</param>
public sealed record Responder(string Address, string Service, int Concurrency = 16)
{
    /// <summary>The address.</summary>
    public string Address { get; } = ModelChecks.CheckAddress(Address);

    /// <summary>The most requests in this instance's hands at a time.</summary>
    public int Concurrency { get; } = ModelChecks.AtLeastOne(Concurrency);
}

/// <summary>Answers one request. Called side by side.</summary>
public delegate Task<Message> RequestHandler(Message request, CancellationToken cancellationToken);

/// <summary>Nobody answers at the address.</summary>
public sealed class NoRespondersException : TransportException
{
    /// <summary>Makes one.</summary>
    public NoRespondersException(string address, Exception? innerException = null)
        : base($"Nobody answers requests at {address}.", innerException) => Address = address;

    /// <summary>The address asked.</summary>
    public string Address { get; }
}

/// <summary>No reply came in time; whether the request was executed is unknown.</summary>
public sealed class RequestTimeoutException : TransportException
{
    /// <summary>Makes one.</summary>
    public RequestTimeoutException(string address, TimeSpan timeout, Exception? innerException = null)
        : base($"No reply came from {address} within {timeout}; whether the request was executed is unknown.", innerException) =>
        (Address, Timeout) = (address, timeout);

    /// <summary>The address asked.</summary>
    public string Address { get; }

    /// <summary>How long was waited.</summary>
    public TimeSpan Timeout { get; }
}

/// <summary>The responder got the request and failed. The transport is well.</summary>
public sealed class RequestFailedException : Exception
{
    /// <summary>Makes one.</summary>
    /// <param name="address">The address asked.</param>
    /// <param name="failure">The message of the exception that the responder's handler threw.</param>
    public RequestFailedException(string address, string failure)
        : base($"The request to {address} failed: {failure}") => (Address, Failure) = (address, failure);

    /// <summary>The address asked.</summary>
    public string Address { get; }

    /// <summary>The message of the exception that the responder's handler threw.</summary>
    public string Failure { get; }
}
