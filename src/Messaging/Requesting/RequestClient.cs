using System.Diagnostics;
using System.Text.Json;

namespace Messaging;

/// <summary>Asks questions and waits for their answers, in the types of the message catalog. Thread-safe; a singleton.</summary>
public sealed class RequestClient
{
    private readonly IRequestReply _transport;
    private readonly MessageCatalog _catalog;
    private readonly MessageSource _source;
    private readonly TimeProvider _time;

    /// <summary>Makes one; the container does.</summary>
    /// <exception cref="CapabilityMissingException">The transport offers no request-reply.</exception>
    public RequestClient(ITransport transport, MessageCatalog catalog, MessageSource source, TimeProvider time) =>
        (_transport, _catalog, _source, _time) = (transport.RequireRequestReply("asking other services"), catalog, source, time);

    /// <summary>Asks whoever answers requests of this type; the address is the type's name in the catalog.</summary>
    /// <param name="request">A message of the catalog.</param>
    /// <param name="timeout">How long to wait for the answer.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="InvalidOperationException">One of the types is not in the catalog.</exception>
    /// <exception cref="NoRespondersException">Nobody answers, and the broker knows.</exception>
    /// <exception cref="RequestTimeoutException">No answer came in time.</exception>
    /// <exception cref="RequestFailedException">The responder failed, or answered with something else.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses.</exception>
    public async Task<TReply> AskAsync<TRequest, TReply>(TRequest request, TimeSpan timeout, CancellationToken cancellationToken)
        where TRequest : class
        where TReply : class
    {
        ArgumentNullException.ThrowIfNull(request);
        var definition = _catalog.Of(typeof(TRequest));
        var expected = _catalog.Of(typeof(TReply));
        using var activity = MessagingDiagnostics.Activities.StartActivity($"ask {definition.Name}", ActivityKind.Client);
        var key = definition.KeyOf(request);
        var reply = await _transport.RequestAsync(
            definition.Name, RequestMessages.Create(definition, request, key, _source, _time), timeout, cancellationToken);
        return reply.Type != expected.Name
            ? throw new RequestFailedException(definition.Name, $"the answer is a {reply.Type}, not a {expected.Name}")
            : RequestMessages.Read<TReply>(reply, out var error) ?? throw new RequestFailedException(definition.Name, $"the answer cannot be read: {error}");
    }
}

/// <summary>Requests and replies as messages and back.</summary>
internal static class RequestMessages
{
    public static Message Create(MessageDefinition definition, object body, string key, MessageSource source, TimeProvider time, Message? cause = null) => new()
    {
        Id = Message.NewId(),
        Type = definition.Name,
        Source = source.Value,
        Subject = key,
        Time = time.GetUtcNow(),
        PartitionKey = key,
        CorrelationId = cause?.CorrelationId ?? key,
        CausationId = cause?.Id,
        TraceParent = Activity.Current?.Id,
        TraceState = Activity.Current?.TraceStateString,
        Body = JsonSerializer.SerializeToUtf8Bytes(body, definition.ClrType, MessageJson.Options),
    };

    /// <summary>The body; null, with what is wrong with it, when it cannot be read.</summary>
    public static T? Read<T>(Message message, out string? error)
        where T : class
    {
        try
        {
            var body = JsonSerializer.Deserialize<T>(message.Body.Span, MessageJson.Options);
            error = body is null ? "it is null" : null;
            return body;
        }
        catch (JsonException exception)
        {
            error = exception.Message;
            return null;
        }
    }
}
