namespace Messaging;

/// <summary>
/// A message as it travels: a CloudEvents 1.0 event in binary mode, its attributes beside an opaque body.
/// Immutable; the body must not be changed after the message was made.
/// </summary>
public sealed record Message
{
    /// <summary>Unique name of the message, a UUIDv7 in lower case with hyphens. Inbox and broker deduplicate by it.</summary>
    public required string Id { get; init; }

    /// <summary>Stable, versioned name of the kind of message, such as <c>inventory.reserve-stock.v1</c>. Never a CLR name.</summary>
    public required string Type { get; init; }

    /// <summary>Who sent it, a URI reference such as <c>/orders</c>.</summary>
    public required string Source { get; init; }

    /// <summary>When what it tells happened (not when it was published), to the microsecond, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Messages of one key keep their order. Here: the order id.</summary>
    public required string PartitionKey { get; init; }

    /// <summary>The body, encoded as <see cref="DataContentType"/> says.</summary>
    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>Media type of the body. Default: <c>application/json</c>.</summary>
    public string DataContentType { get; init; } = "application/json";

    /// <summary>Names the schema of the body, a URI; null when there is none.</summary>
    public string? DataSchema { get; init; }

    /// <summary>What the message is about within its source, such as an order id; may be null.</summary>
    public string? Subject { get; init; }

    /// <summary>Common to every message of one conversation; null for a message outside any.</summary>
    public string? CorrelationId { get; init; }

    /// <summary>Id of the message whose handling sent this one; null when no message did.</summary>
    public string? CausationId { get; init; }

    /// <summary>W3C Trace Context <c>traceparent</c>; null when nothing traces.</summary>
    public string? TraceParent { get; init; }

    /// <summary>W3C Trace Context <c>tracestate</c>; may be null.</summary>
    public string? TraceState { get; init; }

    /// <summary>Further CloudEvents extension attributes: lower-case letters and digits to their values. Default: none.</summary>
    public IReadOnlyDictionary<string, string> Extensions { get; init; } = EmptyExtensions;

    /// <summary>A new message id: a UUIDv7, so that ids sort roughly by time.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString("D");

    private static readonly IReadOnlyDictionary<string, string> EmptyExtensions = new Dictionary<string, string>(StringComparer.Ordinal);
}
