using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using System.Text.Json;

namespace Messaging.Postgres;

/// <summary>
/// A message as the content of a logical decoding message. All numbers are big-endian:
/// <code>
/// 1 byte   version, 1
/// 2 bytes  length of the topic
/// 4 bytes  length of the attributes
/// …        the topic in UTF-8
/// …        the CloudEvents attributes as a JSON object of strings, in UTF-8
/// …        the body, up to the end
/// </code>
/// </summary>
internal static class WalContent
{
    /// <summary>Tells our messages from whatever else is written with <c>pg_logical_emit_message</c>.</summary>
    public const string Prefix = "messaging.outbox";

    private const byte Version = 1;
    private const int HeadLength = 7;

    /// <summary>The content that stands for a message.</summary>
    public static byte[] Write(OutgoingMessage outgoing)
    {
        var (topic, message) = outgoing;
        var buffer = new ArrayBufferWriter<byte>(HeadLength + 512 + message.Body.Length);
        buffer.Advance(HeadLength);
        buffer.Advance(Encoding.UTF8.GetBytes(topic, buffer.GetSpan(Encoding.UTF8.GetMaxByteCount(topic.Length))));
        var topicLength = buffer.WrittenCount - HeadLength;
        StoredAttributes.Write(message, buffer);
        var attributesLength = buffer.WrittenCount - HeadLength - topicLength;
        buffer.Write(message.Body.Span);

        var content = buffer.WrittenSpan.ToArray();
        content[0] = Version;
        BinaryPrimitives.WriteUInt16BigEndian(content.AsSpan(1), checked((ushort)topicLength));
        BinaryPrimitives.WriteInt32BigEndian(content.AsSpan(3), attributesLength);
        return content;
    }

    /// <summary>What a content holds. One that nobody here wrote gives a message that is none, and the error that says why.</summary>
    public static WalMessage Read(ReadOnlyMemory<byte> content, ulong position)
    {
        var head = content.Span;
        if (head.Length < HeadLength || head[0] != Version)
            return Unreadable("", [], $"it does not begin with version {Version} and its lengths");
        var topicLength = BinaryPrimitives.ReadUInt16BigEndian(head[1..]);
        var attributesLength = BinaryPrimitives.ReadInt32BigEndian(head[3..]);
        if (attributesLength < 0 || head.Length - HeadLength - topicLength < attributesLength)
            return Unreadable("", [], "it is shorter than it says");

        var topic = Encoding.UTF8.GetString(head.Slice(HeadLength, topicLength));
        try
        {
            var attributes = StoredAttributes.Read(content.Slice(HeadLength + topicLength, attributesLength));
            var body = content[(HeadLength + topicLength + attributesLength)..];
            return CloudEvents.TryRead(attributes, body, out var message, out var error)
                ? new WalMessage(position, content.Length, topic, attributes, body, new OutgoingMessage(topic, message), Error: null)
                : Unreadable(topic, attributes, error);
        }
        catch (JsonException exception)
        {
            return Unreadable(topic, [], $"its attributes are no JSON object: {exception.Message}");
        }

        WalMessage Unreadable(string topic, IReadOnlyList<KeyValuePair<string, string>> attributes, string error) =>
            new(position, content.Length, topic, attributes, content, Outgoing: null, error);
    }
}

/// <summary>A message that was read from the write-ahead log.</summary>
/// <param name="Position">Where it stands in the log.</param>
/// <param name="Size">The size of its content in bytes.</param>
/// <param name="Topic">The topic, as far as it could be read.</param>
/// <param name="Attributes">The attributes, as far as they could be read.</param>
/// <param name="Body">The body; all of the content when it could not be read.</param>
/// <param name="Outgoing">The message; null when it could not be read.</param>
/// <param name="Error">Why it could not be read.</param>
internal sealed record WalMessage(
    ulong Position,
    int Size,
    string Topic,
    IReadOnlyList<KeyValuePair<string, string>> Attributes,
    ReadOnlyMemory<byte> Body,
    OutgoingMessage? Outgoing,
    string? Error);
