using System.Globalization;
using System.Text;
using Messaging;

namespace Compliance;

/// <summary>Messages for the tests: the body is a number, or whatever the test says.</summary>
internal static class Messages
{
    public static Message Create(string key, string body) => Create(key, Encoding.UTF8.GetBytes(body));

    public static Message Create(string key, byte[] body) => new()
    {
        Id = Message.NewId(),
        Type = "transports.counted.v1",
        Source = "/transports",
        Time = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero),
        PartitionKey = key,
        Body = body,
    };

    /// <summary>Messages numbered <paramref name="from"/> onwards, for one key.</summary>
    public static List<OutgoingMessage> Numbered(string topic, string key, int from, int count) =>
        [.. Enumerable.Range(from, count).Select(number => new OutgoingMessage(topic, Create(key, number.ToString(CultureInfo.InvariantCulture))))];

    /// <summary>The numbers of one key, in the order of the deliveries.</summary>
    public static IEnumerable<int> Numbers(this IEnumerable<Delivery> deliveries, string key) =>
        deliveries.Where(delivery => delivery.Attribute("partitionkey") == key).Select(delivery => int.Parse(delivery.Text(), CultureInfo.InvariantCulture));

    public static string Text(this Delivery delivery) => Encoding.UTF8.GetString(delivery.Body.Span);

    public static string? Attribute(this Delivery delivery, string name) =>
        delivery.Attributes.LastOrDefault(attribute => attribute.Key == name).Value;

    /// <summary>Keys that fall into different partitions of four, one for each.</summary>
    public static string[] KeyPerPartition { get; } =
        [.. Enumerable.Range(0, 4).Select(partition => Enumerable.Range(0, 1_000).Select(i => $"key-{i}").First(key => Partitioner.PartitionOf(key, 4) == partition))];
}
