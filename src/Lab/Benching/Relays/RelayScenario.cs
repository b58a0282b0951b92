using Messaging;

namespace Lab.Benching.Relays;

/// <summary>Something that is measured by how many messages it takes per second and what each costs.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Share">The share of the bench's messages that a round of it takes.</param>
/// <param name="MeasureAsync">Does it with so many messages.</param>
internal sealed record RelayScenario(string Name, double Share, Func<RelayStage, int, CancellationToken, Task<Measurement>> MeasureAsync)
{
    public const string RawTransaction = "business transaction, raw Npgsql";
    public const string OurTransaction = "business transaction, EF and outbox";

    /// <summary>The relays there are: values of <c>Outbox:Relay</c>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["table", "wal"];

    /// <summary>What is measured with a broker; what needs none is measured beside JetStream only.</summary>
    public static IReadOnlyList<RelayScenario> For(string transport) => transport == "kafka" ? [.. WithBroker(transport)] :
    [
        new("limit: multi-row insert", 1, OutboxLimits.InsertAsync),
        new("limit: delete-returning, skip locked", 1, OutboxLimits.DeleteAsync),
        .. from kind in Kinds from relays in RelaysOf(kind) select Drain("null", kind, relays),
        .. WithBroker(transport),
        new(RawTransaction, 0.1, BusinessTransactions.RawAsync),
        .. from kind in Kinds select new RelayScenario(OurTransactionOf(kind), 0.1, (stage, count, cancel) => BusinessTransactions.OursAsync(stage, kind, count, cancel)),
    ];

    public static string NameOfDrain(string into, string kind, int relays) => $"drain into {into}, {kind}, {relays} {(relays == 1 ? "relay" : "relays")}";

    public static string OurTransactionOf(string kind) => $"{OurTransaction}, {kind}";

    private static IEnumerable<RelayScenario> WithBroker(string transport) =>
    [
        new($"limit: publish to {transport}", 1, OutboxLimits.PublishAsync),
        .. from kind in Kinds from relays in RelaysOf(kind) select Drain(transport, kind, relays),
    ];

    /// <summary>How many relays of a kind are measured. The log has one reader, however many stand by.</summary>
    public static int[] RelaysOf(string kind) => kind == "wal" ? [1] : [1, 2];

    private static RelayScenario Drain(string into, string kind, int relays) =>
        new(NameOfDrain(into, kind, relays), 1, (stage, count, cancel) => DrainAsync(stage, into == "null" ? new NullTransport() : stage.Port, kind, relays, count, cancel));

    /// <summary>From a full outbox until everything is acknowledged.</summary>
    private static async Task<Measurement> DrainAsync(
        RelayStage stage, ITransport into, string kind, int relays, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync(kind, count, cancellationToken);
        var gate = new GatedTransport(into, count);
        Measurement measurement;
        await using (await RelayStage.StartServiceAsync(database, gate, kind, relays, cancellationToken))
        {
            await gate.Waiting.WaitAsync(cancellationToken);
            var meter = stage.StartMeter();
            gate.Open();
            await gate.Done.WaitAsync(cancellationToken);
            measurement = meter.Stop(count);
        }

        // The service has stopped: what it had in hand is committed.
        var left = await database.CountOutboxAsync(cancellationToken);
        return left == 0 && gate.Acknowledged == count
            ? measurement
            : throw new LabException($"of {count} messages {gate.Acknowledged} were published and {left} are left");
    }
}
