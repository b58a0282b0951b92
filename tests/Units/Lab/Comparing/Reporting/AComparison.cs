using Lab.Comparing.Results;
using Lab.Running;

namespace Units.Lab.Comparing.Reporting;

/// <summary>A made-up comparison that looks like a real one.</summary>
internal static class AComparison
{
    private static readonly double[] Percentiles = [0, 10, 25, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 98, 99, 99.5, 99.9, 99.95, 100];

    private static readonly (string Stage, double Share)[] Life =
    [
        ("accept", 0.11), ("outbox wait", 0.17), ("broker", 0.15), ("inbox wait", 0.08), ("handler", 0.21), ("commit", 0.18), ("bank", 0.07), ("telling", 0.03),
    ];

    private static readonly (string Process, double Share, double MiB)[] Work =
    [
        ("postgres", 0.34, 212), ("orders", 0.24, 148), ("inventory", 0.13, 131), ("payments", 0.12, 129), ("payment-provider", 0.04, 84), ("broker", 0.13, 62),
    ];

    /// <summary>Both transports on real servers; JetStream carries more.</summary>
    public static Comparison BothReal() => Of(JetStream(), Kafka());

    /// <summary>The Kafka is librdkafka's own.</summary>
    public static Comparison OneEmbedded()
    {
        var kafka = Kafka();
        return Of(JetStream(), kafka with
        {
            Broker = new BrokerDescription("Kafka", Version: null, IsEmbedded: true),
            Recovery = null,
            LeftOut = ["recovery: the embedded broker keeps everything in memory, so it cannot be killed"],
        }) with
        { Warnings = ["The broker of Kafka is embedded: its figures show that the flow works and nothing else."] };
    }

    /// <summary>Interrupted while the second transport was measured.</summary>
    public static Comparison Part()
    {
        var kafka = Kafka();
        return Of(JetStream(), kafka with
        {
            Flow = kafka.Flow! with { Capacity = null, Searched = [], Runs = [.. kafka.Flow.Runs.Where(run => run.Phase == "idle")] },
            Lane = [],
            Recovery = null,
        }) with
        { Partial = "interrupted after 7 min" };
    }

    public static Comparison Of(params TransportResult[] transports) => new()
    {
        Began = new DateTimeOffset(2026, 1, 1, 12, 0, 0, TimeSpan.Zero),
        TookSeconds = 1_325,
        Command = "./dev compare --full --seed 3",
        Extent = "full",
        Durability = "default",
        Machine = new Machine("AMD EPYC 7B13", 2, 7.8, "Debian GNU/Linux 12", ".NET 10.0.1", "ext4", 0.31),
        Transports = transports,
    };

    public static TransportResult JetStream() => Transport("jetstream", new BrokerDescription("NATS JetStream", "2.9.10", IsEmbedded: false), 240, 300, 21, 5.9, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["server sync_interval"] = "2m (not before the acknowledgement)",
        ["replicas"] = "1",
        ["publish acks"] = "by the server, 256 under way",
        ["client batch"] = "256",
        ["client linger"] = "none",
        ["PostgreSQL"] = "15.1",
        ["PostgreSQL fsync"] = "on, synchronous_commit on",
    });

    public static TransportResult Kafka() => Transport("kafka", new BrokerDescription("Apache Kafka", "3.9.0", IsEmbedded: false), 200, 240, 29, 7.1, new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["server flush.messages"] = "not set (page cache)",
        ["replicas"] = "1",
        ["publish acks"] = "all",
        ["client batch"] = "1 MB or 10,000 messages",
        ["client linger"] = "5 ms",
        ["PostgreSQL"] = "15.1",
        ["PostgreSQL fsync"] = "on, synchronous_commit on",
    });

    public static TransportResult Transport(string name, BrokerDescription broker, double capacity, double missed, double milliseconds, double cost, Dictionary<string, string> settings) => new()
    {
        Transport = name,
        Broker = broker,
        Settings = settings,
        Flow = new FlowResult
        {
            Capacity = capacity,
            Searched = [1, 2, 3],
            Limit = "p99 from accepted to ended at most 500 ms, and no more orders open at the end than at the beginning",
            Runs =
            [
                .. Repeats("idle", 30, milliseconds * 0.7, cost * 1.3),
                .. Enumerable.Range(1, 3).SelectMany(repeat => Ramp(repeat, capacity, missed, milliseconds, cost)),
                .. Repeats("50 %", capacity * 0.5, milliseconds, cost),
                .. Repeats("80 %", capacity * 0.8, milliseconds * 1.5, cost * 0.96),
            ],
        },
        Lane = [.. new[] { 256, 4_096 }.SelectMany(bytes => new[] { "port", "client" }.SelectMany(through => Rows(through, bytes, capacity, milliseconds)))],
        Recovery = new RecoveryResult([.. new (double Down, double Factor, double CaughtUp)[] { (1.2, 14, 3.1), (1.1, 13, 3.4), (1.3, 12, 2.9) }
            .Select((run, index) => new RecoveryRun(index + 1, capacity / 2, run.Down, milliseconds / run.Factor, run.CaughtUp))]),
    };

    public static FlowRun Run(string phase, int repeat, double rate, double milliseconds, double cost)
    {
        const double Seconds = 20;
        ProcessCost Process(string name, double share, double mib) => new(name, cost * share * rate * Seconds / 1_000, cost * share, mib);
        return new FlowRun
        {
            Phase = phase,
            Repeat = repeat,
            Offered = rate,
            Ended = rate * 0.998,
            Seconds = Seconds,
            Orders = (int)(rate * Seconds),
            IsSustained = true,
            SendDelay = Latency(0.2),
            Accept = Latency(milliseconds * 0.12),
            AcceptToEnd = Latency(milliseconds),
            Whole = Latency(milliseconds * 1.12),
            Stages = [.. Life.Select(stage => new StageTime(stage.Stage, milliseconds * 1.2 * stage.Share))],
            Processes = [.. Work.Select(work => Process(work.Process, work.Share, work.MiB)), Process("lab", 0.2, 120)],
            Databases = [new DatabaseCost("orders", 6.2, 0.01, 14.3), new DatabaseCost("inventory", 2.1, 0, 5.2), new DatabaseCost("payments", 2.4, 0, 6.8)],
            ProcessorMillisecondsPerOrder = cost,
        };
    }

    public static FlowRun Refused(FlowRun run) => run with { IsRefused = true, IsSustained = false, Because = "the generator was 80 ms late" };

    public static Latency Latency(double median)
    {
        double At(double percentile) => median * (0.55 + (0.45 * percentile / 50)) * (percentile <= 50 ? 1 : 1 + (Math.Pow(-Math.Log10(Math.Max(1e-4, 1 - (percentile / 100))), 1.8) * 0.25));
        return new Latency(4_800, median * 1.2, At(50), At(90), At(99), At(99.9), At(99.99), [.. Percentiles.Select(percentile => new CurvePoint(percentile, At(percentile)))]);
    }

    /// <summary>A search that ended between two rates.</summary>
    public static IEnumerable<FlowRun> Ramp(int repeat, double capacity, double missed, double milliseconds, double cost) =>
    [
        .. new[] { 0.2, 0.4, 0.6, 0.8, 1 }.Select(share => Run("ramp", repeat, share * capacity, milliseconds * (0.75 + (share * share)), cost)),
        Run("ramp", repeat, missed, milliseconds * 22, cost) with { Ended = capacity * 1.04, IsSustained = false, Because = "p99 was 1,480 ms" },
    ];

    private static FlowRun[] Repeats(string phase, double rate, double milliseconds, double cost) =>
        [.. new[] { 1, 0.96, 1.03 }.Select((factor, index) => Run(phase, index + 1, rate, milliseconds * factor, cost))];

    private static IEnumerable<LaneRow> Rows(string through, int bytes, double capacity, double milliseconds)
    {
        var rate = capacity * (through == "port" ? 160 : 200) * (bytes > 1_000 ? 0.45 : 1);
        foreach (var (scenario, consumers, groups, share) in new[] { ("publish", 0, 1, 1.0), ("drain", 4, 1, 1.4), ("fan-out", 1, 3, 0.8) })
        {
            yield return new LaneRow(scenario, through, bytes, 8, consumers, groups)
            {
                Messages = 100_000,
                PerSecond = new Spread(rate * share, rate * share * 0.94, rate * share * 1.05, 3),
                ClientMicroseconds = through == "port" ? 14.2 : 9.8,
                BrokerMicroseconds = 11.3,
            };
        }

        yield return new LaneRow("steady", through, bytes, 8, 4, 1)
        {
            Messages = 20_000,
            PerSecond = new Spread(1_000, 1_000, 1_000, 3),
            PublishDelay = Latency(0.05),
            Publish = Latency(milliseconds / 40),
            EndToEnd = Latency(milliseconds / 20 * (through == "port" ? 1.2 : 1)),
        };
    }
}
