using System.Globalization;
using System.Text;
using Lab.History;

namespace Lab.Faults;

/// <summary>A flood of messages that nobody can read, under keys of their own: each dies with its cause, and holds up nobody else.</summary>
internal sealed record PoisonFault() : MessageFault("poison")
{
    private const int PerRound = 5;

    private static readonly TimeSpan Round = TimeSpan.FromMilliseconds(100);

    // A type that each topic's consumers know.
    private static readonly Dictionary<string, string> KnownTypes = new(StringComparer.Ordinal)
    {
        [FlowTopics.OrdersEvents] = "orders.order-placed.v1",
        [FlowTopics.InventoryCommands] = "inventory.reserve-stock.v1",
        [FlowTopics.InventoryEvents] = "inventory.stock-reserved.v1",
        [FlowTopics.PaymentsCommands] = "payments.authorize-payment.v1",
        [FlowTopics.PaymentsEvents] = "payments.payment-authorized.v1",
    };

    private static readonly string[] Bodies = ["{", "[]", "{}", """{"orderId":"none"}""", "\0\u0001\u0002"];

    public override string Description => "all topics that somebody consumes are flooded with messages that cannot be read, and with unknown ones";

    public override (TimeSpan Shortest, TimeSpan Longest) Duration => (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3));

    protected override async Task<string?> PublishAsync(FaultSite site, IRawPublisher publisher, CancellationToken until)
    {
        var random = new Random(site.Seed);
        string[] topics = [.. FlowTopics.Consumers(site.Options.Coordination).Values.SelectMany(taken => taken).Distinct(StringComparer.Ordinal)];
        var published = 0;
        while (!until.IsCancellationRequested)
        {
            var round = await Task.WhenAll(Enumerable.Range(0, PerRound)
                .SelectMany(_ => topics.Select(topic => Poison(topic, KnownTypes[topic], random, site.Clock.GetUtcNow())))
                .Select(message => TryPublishAsync(publisher, message, until)));
            published += round.Count(arrived => arrived);
            await Task.Delay(Round, site.Clock, until).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return string.Create(CultureInfo.InvariantCulture, $"{published} messages were published");
    }

    private static RawMessage Poison(string topic, string knownType, Random random, DateTimeOffset now)
    {
        var key = $"poison-{Guid.CreateVersion7(now)}";
        var body = Encoding.UTF8.GetBytes(Bodies[random.Next(Bodies.Length)]);
        List<KeyValuePair<string, string>> attributes = random.Next(4) switch
        {
            0 => [],
            1 => Envelope(key, "lab.never-heard-of.v1", now),
            _ => Envelope(key, knownType, now),
        };
        return new RawMessage(topic, Partition: 0, key, attributes, body);
    }

    private static List<KeyValuePair<string, string>> Envelope(string key, string type, DateTimeOffset now) =>
    [
        new("specversion", "1.0"),
        new("id", Guid.CreateVersion7(now).ToString()),
        new("type", type),
        new("source", "/lab"),
        new("time", now.ToString("O", CultureInfo.InvariantCulture)),
        new("partitionkey", key),
        new("content-type", "application/json"),
    ];
}
