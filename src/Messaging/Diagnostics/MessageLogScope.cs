using System.Collections;

namespace Messaging;

/// <summary>What every log line of a handler carries: order (the key), message and correlation id.</summary>
internal sealed class MessageLogScope(Message message) : IReadOnlyList<KeyValuePair<string, object?>>
{
    public int Count => 3;

    public KeyValuePair<string, object?> this[int index] => index switch
    {
        0 => new("Key", message.PartitionKey),
        1 => new("MessageId", message.Id),
        2 => new("CorrelationId", message.CorrelationId),
        _ => throw new ArgumentOutOfRangeException(nameof(index)),
    };

    public IEnumerator<KeyValuePair<string, object?>> GetEnumerator()
    {
        for (var i = 0; i < Count; i++)
            yield return this[i];
    }

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    public override string ToString() => $"Key:{message.PartitionKey} MessageId:{message.Id}";
}
