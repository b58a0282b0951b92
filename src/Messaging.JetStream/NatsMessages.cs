using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Messaging.JetStream;

/// <summary>
/// Messages on NATS and back, by the CloudEvents NATS binding in binary mode: attributes as headers <c>ce-…</c>,
/// percent-encoded where they are not plain ASCII, the content type as it is, the body as the payload.
/// </summary>
internal static class NatsMessages
{
    private const string Prefix = "ce-";

    // JetStream's own headers, such as Nats-Msg-Id, are no part of a message.
    private const string ServerPrefix = "Nats-";

    // What the client adds on its own: the message id, and trace headers when somebody listens.
    private const int ReservedForClient = 256;

    public static NatsHeaders HeadersOf(Message message)
    {
        var headers = new NatsHeaders();
        CloudEvents.Write(message, headers, static (headers, name, value) =>
        {
            if (name == CloudEvents.ContentType)
                headers[name] = value;
            else
                headers[Prefix + name] = PercentEncoding.ToHeader(value);
        });
        return headers;
    }

    /// <summary>The message as the server counts it against <c>max_payload</c>, rounded up.</summary>
    public static int SizeOf(NatsHeaders headers, ReadOnlyMemory<byte> body)
    {
        var size = body.Length + ReservedForClient;
        foreach (var (name, value) in headers)
            size += name.Length + value.ToString().Length + ": \r\n".Length;
        return size;
    }

    public static Delivery ToDelivery(string topic, int partition, long position, INatsJSMsg<byte[]> message) =>
        new(topic, partition, position, AttributesOf(message.Headers), message.Data ?? [], Streams.KeyOf(message.Subject));

    /// <summary>Reads a message of core NATS; false, and why, when it cannot be read.</summary>
    /// <param name="received">As it arrived.</param>
    /// <param name="ownHeader">A header that is no part of the message.</param>
    /// <param name="message">The message, when the result is true.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryRead(NatsMsg<byte[]> received, string ownHeader, [NotNullWhen(true)] out Message? message, [NotNullWhen(false)] out string? error)
    {
        (message, error) = (null, received.Error?.Message);
        if (error is not null)
            return false;
        var attributes = AttributesOf(received.Headers);
        attributes.RemoveAll(attribute => attribute.Key == ownHeader);
        return CloudEvents.TryRead(attributes, received.Data ?? [], out message, out error);
    }

    /// <summary>A message whose header block cannot be read: without attributes of its own, with the block as it is and what is wrong with it.</summary>
    public static Delivery ToDelivery(string topic, int partition, StoredMessage stored, NatsHeaderParseException broken)
    {
        List<KeyValuePair<string, string>> attributes =
        [
            new("headererror", broken.InnerException?.Message ?? broken.Message),
            new("headerblock", Encoding.Latin1.GetString(broken.RawData)),
        ];
        return new Delivery(topic, partition, (long)stored.Seq, attributes, stored.Data, Streams.KeyOf(stored.Subject));
    }

    private static List<KeyValuePair<string, string>> AttributesOf(NatsHeaders? headers)
    {
        var attributes = new List<KeyValuePair<string, string>>(headers?.Count ?? 0);
        if (headers is not null)
        {
            // Attributes last: of a name given twice the last one counts, so a foreign header cannot displace an attribute.
            AddHeaders(attributes, headers, attributesOnly: false);
            AddHeaders(attributes, headers, attributesOnly: true);
        }

        return attributes;
    }

    private static void AddHeaders(List<KeyValuePair<string, string>> attributes, NatsHeaders headers, bool attributesOnly)
    {
        foreach (var (name, values) in headers)
        {
            if (name.StartsWith(Prefix, StringComparison.OrdinalIgnoreCase) != attributesOnly
                || name.StartsWith(ServerPrefix, StringComparison.Ordinal) || values.Count == 0)
            {
                continue;
            }

            var value = values[^1] ?? "";
            attributes.Add(attributesOnly ? new(name[Prefix.Length..], PercentEncoding.Decode(value)) : new(name, value));
        }
    }
}

/// <summary>Bodies are bytes: written as they are, read into an array of their own.</summary>
internal sealed class BodyBytes : INatsSerialize<ReadOnlyMemory<byte>>, INatsDeserialize<byte[]>
{
    public static readonly BodyBytes Instance = new();

    public void Serialize(IBufferWriter<byte> bufferWriter, ReadOnlyMemory<byte> value) => bufferWriter.Write(value.Span);

    public byte[] Deserialize(in ReadOnlySequence<byte> buffer) => buffer.ToArray();
}
