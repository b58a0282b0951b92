using System.Text;
using Messaging;

namespace Benchmarks;

/// <summary>A message as the services send it: all the attributes that the outbox writes, a body of about 200 bytes.</summary>
internal static class Samples
{
    public static Message Message { get; } = new()
    {
        Id = "0192f7a0-5c1e-7b3a-9d2f-6a1b2c3d4e5f",
        Type = "inventory.reserve-stock.v1",
        Source = "/orders",
        Subject = "0192f7a0-5c1e-7000-8000-00000000002a",
        Time = new DateTimeOffset(2026, 2, 3, 4, 5, 6, TimeSpan.Zero),
        PartitionKey = "0192f7a0-5c1e-7000-8000-00000000002a",
        CorrelationId = "0192f7a0-5c1e-7000-8000-00000000002a",
        CausationId = "0192f7a0-5c1e-7b3a-9d2f-6a1b2c3d4e5e",
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        Body = Encoding.UTF8.GetBytes(
            """{"orderId":"0192f7a0-5c1e-7000-8000-00000000002a","lines":[{"sku":"TEA-500G","quantity":2},{"sku":"KETTLE","quantity":1},{"sku":"COFFEE-1KG","quantity":3}],"deadline":"2026-02-03T04:05:36Z"}"""),
    };

    public static List<KeyValuePair<string, string>> AttributesOf(Message message)
    {
        var attributes = new List<KeyValuePair<string, string>>(16);
        CloudEvents.Write(message, attributes, static (list, name, value) => list.Add(new(name, value)));
        return attributes;
    }
}
