using System.Globalization;
using System.Text.Json;

namespace Messaging;

/// <summary>
/// The copies that tell the world of dead messages: on the topic <c>&lt;topic&gt;.dead-letters</c>, with the attributes and the body of the
/// original. The original itself stays parked in the service's database, where it is redriven or discarded.
/// </summary>
/// <remarks>
/// A copy is a message of its own, with an id of its own: two groups may give up on the same original, and one may do so twice.
/// What it adds are CloudEvents extensions: <c>deadid</c> (the original's id), <c>deadcause</c>, <c>deadattempts</c>, <c>deadat</c>,
/// <c>deadconsumer</c>, <c>deadtopic</c>, <c>deadpartition</c>, <c>deadposition</c>. Of what is no CloudEvent the attributes are in
/// <c>deadattributes</c>, a JSON object, and the type is <see cref="UnreadableType"/>. Attributes whose names are not of ASCII letters,
/// digits, <c>-</c>, <c>_</c> and <c>.</c> are left out; the parked original has them.
/// </remarks>
public static class DeadLetters
{
    /// <summary>The type of a copy whose original's type cannot be told.</summary>
    public const string UnreadableType = "messaging.unreadable.v1";

    private const int LongestCause = 500;

    /// <summary>The topic that the dead messages of a topic are copied to.</summary>
    public static string TopicOf(string topic) => topic + ".dead-letters";

    /// <summary>The copy of a message that is dead.</summary>
    /// <param name="incoming">The message.</param>
    /// <param name="consumer">The group that gives up.</param>
    /// <param name="parking">Why.</param>
    /// <param name="source">The <c>source</c> of a copy whose original has none.</param>
    /// <param name="now">When.</param>
    public static OutgoingMessage CopyOf(IncomingMessage incoming, string consumer, Parking parking, MessageSource source, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(incoming);
        ArgumentNullException.ThrowIfNull(parking);
        ArgumentNullException.ThrowIfNull(source);
        var delivery = incoming.Delivery;
        var original = incoming.Message ?? new Message
        {
            Id = incoming.Id,
            Type = UnreadableType,
            Source = source.Value,
            Time = now,
            PartitionKey = incoming.Key.Length > 0 ? incoming.Key : incoming.Id,
            DataContentType = "application/octet-stream",
            Body = delivery.Body,
        };
        var extensions = new Dictionary<string, string>(original.Extensions.Where(pair => IsName(pair.Key)), StringComparer.Ordinal)
        {
            ["deadid"] = incoming.Id,
            ["deadcause"] = InOneLine(parking.Cause),
            ["deadattempts"] = parking.Attempts.ToString(CultureInfo.InvariantCulture),
            ["deadat"] = CloudEvents.TextOf(now),
            ["deadconsumer"] = consumer,
            ["deadtopic"] = delivery.Topic,
            ["deadpartition"] = delivery.Partition.ToString(CultureInfo.InvariantCulture),
            ["deadposition"] = delivery.Position.ToString(CultureInfo.InvariantCulture),
        };
        if (incoming.Message is null)
            extensions["deadattributes"] = JsonSerializer.Serialize(delivery.Attributes.DistinctBy(pair => pair.Key).ToDictionary());
        return new OutgoingMessage(TopicOf(delivery.Topic), original with { Id = Message.NewId(), Extensions = extensions });
    }

    // A peer may name an attribute as no broker would let us name one, and its message's copy would never leave.
    private static bool IsName(string name) => name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');

    private static string InOneLine(string cause)
    {
        var line = cause.ReplaceLineEndings(" ");
        return line.Length <= LongestCause ? line : line[..LongestCause];
    }
}
