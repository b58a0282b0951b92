namespace Messaging.Postgres;

/// <summary>A message to put aside, and why.</summary>
/// <param name="Consumer">Who could not handle it.</param>
/// <param name="Id">Its id, or its place where it has none.</param>
/// <param name="Topic">The topic it came from or was going to.</param>
/// <param name="Partition">The partition it came from; null when it never reached the broker.</param>
/// <param name="Position">Its place there; null likewise.</param>
/// <param name="Type">The kind of message, when that can be told.</param>
/// <param name="Key">The key whose later messages wait behind it; empty: none.</param>
/// <param name="Attributes">Its attributes as a JSON object.</param>
/// <param name="Body">Its body.</param>
/// <param name="Parking">The cause.</param>
internal sealed record ParkedMessage(
    string Consumer,
    string Id,
    string Topic,
    int? Partition,
    long? Position,
    string? Type,
    string Key,
    string Attributes,
    ReadOnlyMemory<byte> Body,
    Parking Parking)
{
    /// <summary>
    /// The queue in which it waits: that of its key, or one of its own when it has none. What the outbox could not publish
    /// (<see cref="Partition"/> is null) holds nobody back either: the messages after it are with the broker already.
    /// </summary>
    public string Queue => Key.Length == 0 || Partition is null ? $"id:{StoredText.Name(Id)}" : QueueOf(Key);

    /// <summary>The queue of a key.</summary>
    public static string QueueOf(string key) => $"key:{StoredText.Name(key)}";

    /// <summary>A received message, with its attributes as they arrived.</summary>
    public static ParkedMessage Of(string consumer, IncomingMessage message, Parking parking) => new(
        consumer,
        message.Id,
        message.Delivery.Topic,
        message.Delivery.Partition,
        message.Delivery.Position,
        message.Message?.Type,
        message.Key,
        StoredAttributes.Of(message.Delivery.Attributes),
        message.Delivery.Body,
        parking);
}
