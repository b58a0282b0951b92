using System.Globalization;
using System.Text;
using Messaging;

namespace Patterns;

/// <summary>Messages with a key and a number.</summary>
internal static class Messages
{
    public const string Topic = "patterns.events";

    public static Message New(string key, int number = 0) => new()
    {
        Id = Message.NewId(),
        Type = "patterns.counted.v1",
        Source = "/patterns",
        Time = DateTimeOffset.UtcNow,
        PartitionKey = key,
        Body = Encoding.UTF8.GetBytes($$"""{"number":{{number}}}"""),
    };

    public static OutboxEntry Entry(string key, int number = 0, DateTimeOffset? due = null, Guid? token = null) =>
        new(new OutgoingMessage(Topic, New(key, number)), due, token);

    public static int NumberOf(Message message)
    {
        var text = Encoding.UTF8.GetString(message.Body.Span);
        return int.Parse(text.AsSpan(text.IndexOf(':', StringComparison.Ordinal) + 1).TrimEnd('}'), CultureInfo.InvariantCulture);
    }

    /// <summary>A message as a transport hands it over.</summary>
    public static IncomingMessage Incoming(Message message, long position = 1)
    {
        var attributes = new List<KeyValuePair<string, string>>();
        CloudEvents.Write(message, attributes, static (list, name, value) => list.Add(KeyValuePair.Create(name, value)));
        return IncomingMessage.From(new Delivery(Topic, Partition: 0, position, attributes, message.Body, message.PartitionKey));
    }

    /// <summary>Something that is no message of ours.</summary>
    public static IncomingMessage Undecodable(long position, string? key, params KeyValuePair<string, string>[] attributes) =>
        IncomingMessage.From(new Delivery(Topic, Partition: 0, position, attributes, "\0\u00ff"u8.ToArray(), key));
}
