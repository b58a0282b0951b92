using System.Globalization;

namespace Messaging.Kafka;

/// <summary>A request as it was received: the message itself, who waits for the reply, and how long.</summary>
internal sealed record RequestEnvelope(Message Message, string Id, string ReplyTo, DateTimeOffset Deadline)
{
    private const string IdAttribute = "requestid";
    private const string ReplyToAttribute = "replyto";
    private const string DeadlineAttribute = "requestdeadline";
    private const string KeyAttribute = "replykey";

    /// <summary>The message to send for a request.</summary>
    public static Message Of(Message request, string instance, DateTimeOffset deadline) => With(
        request,
        (IdAttribute, Guid.NewGuid().ToString("N")),
        (ReplyToAttribute, instance),
        (DeadlineAttribute, deadline.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture)));

    /// <summary>The id of a request or a reply; null when it is neither.</summary>
    public static string? IdOf(Message message) => message.Extensions.GetValueOrDefault(IdAttribute);

    /// <summary>The request in a delivery; null when there is none.</summary>
    public static RequestEnvelope? Read(Delivery delivery)
    {
        if (!CloudEvents.TryRead(delivery.Attributes, delivery.Body, out var message, out _)
            || !message.Extensions.TryGetValue(IdAttribute, out var id)
            || !message.Extensions.TryGetValue(ReplyToAttribute, out var replyTo)
            || !message.Extensions.TryGetValue(DeadlineAttribute, out var deadline)
            || !long.TryParse(deadline, NumberStyles.None, CultureInfo.InvariantCulture, out var milliseconds))
        {
            return null;
        }

        return new RequestEnvelope(Without(message, IdAttribute, ReplyToAttribute, DeadlineAttribute), id, replyTo, DateTimeOffset.FromUnixTimeMilliseconds(milliseconds));
    }

    /// <summary>The message to send for a reply: to the partition of the instance that waits, its own key beside.</summary>
    public Message Answer(Message reply) => With(reply with { PartitionKey = ReplyTo }, (IdAttribute, Id), (KeyAttribute, reply.PartitionKey));

    /// <summary>The reply as the handler gave it.</summary>
    public static Message ReadReply(Message sent) =>
        Without(sent with { PartitionKey = sent.Extensions.GetValueOrDefault(KeyAttribute, "") }, IdAttribute, KeyAttribute);

    private static Message With(Message message, params ReadOnlySpan<(string Name, string Value)> further)
    {
        var extensions = new Dictionary<string, string>(message.Extensions, StringComparer.Ordinal);
        foreach (var (name, value) in further)
            extensions[name] = value;
        return message with { Extensions = extensions };
    }

    private static Message Without(Message message, params IEnumerable<string> names) => message with
    {
        Extensions = message.Extensions.Where(extension => !names.Contains(extension.Key, StringComparer.Ordinal)).ToDictionary(StringComparer.Ordinal),
    };
}
