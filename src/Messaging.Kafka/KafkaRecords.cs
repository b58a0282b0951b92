using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// Messages as Kafka records and back, by the CloudEvents Kafka binding in binary mode: attributes as headers <c>ce_…</c> in
/// UTF-8, the content type as it is, the key from the partition key, the body as the value.
/// </summary>
internal static class KafkaRecords
{
    private const string Prefix = "ce_";

    public static Message<byte[], byte[]> ToRecord(Message message)
    {
        var headers = new Headers();
        CloudEvents.Write(message, headers, static (headers, name, value) =>
            headers.Add(name == CloudEvents.ContentType ? name : Prefix + name, Encoding.UTF8.GetBytes(value)));
        return new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(message.PartitionKey), Value = ToArray(message.Body), Headers = headers };
    }

    /// <summary>The record as librdkafka counts it against <c>message.max.bytes</c>.</summary>
    public static int SizeOf(Message<byte[], byte[]> record) =>
        record.Key.Length + record.Value.Length + record.Headers.Sum(header => header.Key.Length + header.GetValueBytes().Length);

    public static Delivery ToDelivery(ConsumeResult<byte[]?, byte[]?> result)
    {
        var headers = result.Message.Headers;
        var attributes = new List<KeyValuePair<string, string>>(headers?.Count ?? 0);
        if (headers is not null)
        {
            // Attributes last: of a name given twice the last one counts, so a foreign header cannot displace an attribute.
            AddHeaders(attributes, headers, attributesOnly: false);
            AddHeaders(attributes, headers, attributesOnly: true);
        }

        return new Delivery(
            result.Topic,
            result.Partition.Value,
            result.Offset.Value,
            attributes,
            result.Message.Value ?? [],
            result.Message.Key is { } key ? Encoding.UTF8.GetString(key) : null);
    }

    private static void AddHeaders(List<KeyValuePair<string, string>> attributes, Headers headers, bool attributesOnly)
    {
        for (var i = 0; i < headers.Count; i++)
        {
            var name = headers[i].Key;
            if (name.StartsWith(Prefix, StringComparison.Ordinal) != attributesOnly)
                continue;
            var value = headers[i].GetValueBytes() is { } bytes ? Encoding.UTF8.GetString(bytes) : "";
            attributes.Add(new(attributesOnly ? name[Prefix.Length..] : name, value));
        }
    }

    private static byte[] ToArray(ReadOnlyMemory<byte> body) =>
        MemoryMarshal.TryGetArray(body, out var segment) && segment.Offset == 0 && segment.Array is { } array && array.Length == segment.Count
            ? array
            : body.ToArray();
}
