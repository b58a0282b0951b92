using Lab.Checking;
using Lab.Demo;
using Lab.Faults;
using Lab.History;
using Lab.Proving;
using Lab.Running;

namespace Units.Lab;

/// <summary>A made-up proof that looks like a real one: 120 s of load, 15 faults, latency that rises under them.</summary>
internal static class AProof
{
    public static readonly DateTimeOffset Began = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Order = new("0198c0de-0000-7000-8000-000000000001");

    private static readonly (string Name, FaultArea Area, string Target, double At, double Lasts)[] Struck =
    [
        ("kill", FaultArea.Service, "orders", 4.2, 1.1),
        ("network-stall", FaultArea.Network, "payments-database", 9.5, 6),
        ("broker-kill", FaultArea.Broker, "nats", 17.3, 2.4),
        ("pause", FaultArea.Service, "inventory-1", 22, 14),
        ("provider-slow", FaultArea.Provider, "payment-provider", 25, 9),
        ("sessions-terminated", FaultArea.Database, "orders-db", 38, 0.2),
        ("poison", FaultArea.Messages, "inventory.commands", 41, 0.5),
        ("postgres-kill", FaultArea.Database, "postgres", 47.5, 3.1),
        ("duplicates", FaultArea.Messages, "payments.commands", 55, 10),
        ("network-answers-dropped", FaultArea.Network, "orders-broker", 58, 7),
        ("restart", FaultArea.Service, "payments", 70, 3.5),
        ("lock-held", FaultArea.Database, "inventory.stock", 79, 5),
        ("broker-pause", FaultArea.Broker, "nats", 90, 8),
        ("provider-lost-answers", FaultArea.Provider, "payment-provider", 101, 10),
        ("kill", FaultArea.Service, "payments", 115.5, 1.2),
    ];

    public static StruckFault[] Faults() =>
    [
        .. Struck.Select((fault, index) => new StruckFault(
            fault.Name, fault.Area, $"what {fault.Name} does", fault.Target, Began.AddSeconds(fault.At), Began.AddSeconds(fault.At + fault.Lasts),
            index == 6 ? "20 messages that nobody can read" : null, Failure: null) { RecoverySeconds = index % 4 == 3 ? null : Math.Round(0.4 + (fault.Lasts * 0.3), 1) }),
    ];

    /// <summary>A proof that keeps every promise.</summary>
    public static ProofReport Kept() => new()
    {
        Transport = "jetstream",
        Broker = new BrokerDescription("NATS JetStream", "2.9.10", IsEmbedded: false),
        Postgres = "15.1",
        Coordination = Coordinations.Orchestration,
        Antipattern = null,
        Seed = 3,
        Rate = 50,
        LoadSeconds = 120,
        Began = Began,
        QuietAfterSeconds = 6.4,
        StillUnderWay = [],
        Faults = Faults(),
        LeftOut = [new LeftOutFault("disk-full", "no small disk may be mounted here")],
        Timeline = Timeline(),
        Paths = [new PathResult("confirmed", "Confirmed", 4_201, 4_180, 18.2, 240.1, 4_012.7), new PathResult("declined", "Rejected", 480, 478, 16.0, 210.4, 3_800)],
        Accepted = 5_988,
        Invariants = [.. Invariant.All.Select(promise => new InvariantResult(promise.Number, promise.Promise, []))],
        Messages = new MessageAccount(58_112, 412, 118_204, [], [], []),
        Explanations = [],
        DeadLetters = [new DeadLetterCount("inventory.stock", "messaging.unreadable.v1", "undecodable: attribute id is missing", 20)],
    };

    /// <summary>A proof that breaks promises, and tells how.</summary>
    public static ProofReport Broken(string cause = "authorised 2 times")
    {
        var lost = Published(7, "inventory.reserve-stock.v1", 4.6);
        return Kept() with
        {
            QuietAfterSeconds = null,
            StillUnderWay = ["3 pieces reserved"],
            Invariants = [.. Invariant.All.Select(promise => new InvariantResult(promise.Number, promise.Promise, promise.Number == 3 ? [Violation.OfOrder(Order, cause)] : []))],
            Messages = new MessageAccount(
                58_112, 412, 118_204, [new LostMessage("inventory.stock", lost, LostPart.Middle)],
                [new Overtaking("orders.fulfilment", lost, Published(8, "inventory.commit-stock.v1", 5))], [Order]),
            Explanations = [new Explanation(3, $"order {Order}", cause, [lost, Published(9, "payments.authorize-payment.v1", 5.1)], [Faults()[0]])],
        };
    }

    private static HistoryEntry Published(long position, string type, double at) =>
        new(Began.AddSeconds(at), HistoryKind.Published, Order.ToString(), type[..type.IndexOf('.', StringComparison.Ordinal)] + ".commands", type)
        {
            MessageId = $"0198c0de-0000-7000-8000-00000000010{position}",
            Partition = 2,
            Position = position,
        };

    private static SecondOfRun[] Timeline()
    {
        var dice = new Random(5);
        var timeline = new List<SecondOfRun>();
        var open = 0;
        for (var second = 0; second < 131; second++)
        {
            var slow = Struck.Where(fault => fault.At < second + 1 && fault.At + fault.Lasts > second).Select(fault => fault.Name).FirstOrDefault();
            var stops = slow is "broker-kill" or "postgres-kill" or "broker-pause";
            var sent = second < 120 ? 50 : 0;
            var accepted = stops && slow != "broker-kill" ? sent / 4 : sent - dice.Next(2);
            open += Math.Max(0, accepted);
            var ended = stops ? 0 : slow is null ? Math.Min(open, 60 + dice.Next(90)) : Math.Min(open, 38 + dice.Next(10));
            open -= ended;
            var p50 = 14 + dice.Next(6) + (open * 2.5);
            timeline.Add(new SecondOfRun(second, sent, accepted, ended, open, ended == 0 ? null : p50, ended == 0 ? null : (p50 * 4) + dice.Next(40) + (slow is null ? 0 : 900)));
        }

        return [.. timeline];
    }
}
