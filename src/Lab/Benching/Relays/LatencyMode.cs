using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.DependencyInjection;

namespace Lab.Benching.Relays;

/// <summary>A way for a relay to learn of a commit, measured from commit to handler.</summary>
/// <param name="Name">The way.</param>
/// <param name="Writer">Settings of the service that writes.</param>
/// <param name="Relay">Settings of another instance that relays for it; null: the writer relays for itself.</param>
internal sealed record LatencyMode(string Name, IReadOnlyDictionary<string, string> Writer, IReadOnlyDictionary<string, string>? Relay)
{
    /// <summary>The name of the way that is no way: the relay looks by itself.</summary>
    public const string PollingOnly = "polling only";

    /// <summary>The name of what is in every way: the business transaction.</summary>
    public const string TransactionOnly = "limit: the transaction alone, raw";

    public static IReadOnlyList<LatencyMode> All { get; } =
    [
        new("woken in process", Settings("table", "2", "Local"), null),
        new("woken by NOTIFY", Settings("table", "0", "Notify"), Settings("table", "2", "Notify")),
        new("read from the log", Settings("wal", "0", "None"), Settings("wal", "2", "None")),
        new(PollingOnly, Settings("table", "0", "None"), Settings("table", "2", "None")),
    ];

    /// <summary>
    /// Measures idle, one transaction after the other, from before its commit; and at a steady rate, from the moment each was due.
    /// A transaction is a row of business data and a message; the handler belongs to another service with an inbox.
    /// </summary>
    public async Task<(LatencyRound Idle, LatencyRound Steady)> MeasureAsync(RelayStage stage, CancellationToken cancellationToken)
    {
        var topic = $"bench{Guid.NewGuid():N}.measured";
        var arrivals = new Arrivals();
        await using var sending = await stage.CreateDatabaseAsync(cancellationToken);
        await using var receiving = await stage.CreateDatabaseAsync(cancellationToken);
        await using var receiver = await StartAsync(stage, receiving, topic, Settings("table", "0", "None"), arrivals, cancellationToken);
        await using var relay = Relay is null ? null : await StartAsync(stage, sending, topic, Relay, null, cancellationToken);
        await using var writer = await StartAsync(stage, sending, topic, Writer, null, cancellationToken);

        var run = new LatencyRun(stage, writer, arrivals);
        await run.WarmUpAsync(cancellationToken);
        return (await run.IdleAsync(cancellationToken), await run.SteadyAsync(cancellationToken));
    }

    /// <summary>The business transaction alone, at the pace of the idle measurements.</summary>
    public static Task<LatencyRound> MeasureTransactionAsync(RelayStage stage, CancellationToken cancellationToken) =>
        BusinessTransactions.RawAloneAsync(stage, LatencyRun.IdleSamples / 2, LatencyRun.Rest, cancellationToken);

    private static Task<BenchService> StartAsync(
        RelayStage stage, BenchDatabase database, string topic, IReadOnlyDictionary<string, string> settings, Arrivals? receives, CancellationToken cancellationToken) =>
        BenchService.StartAsync(
            database,
            new Dictionary<string, string>(settings, StringComparer.Ordinal)
            {
                ["Transport"] = "jetstream",
                ["ConnectionStrings:nats"] = stage.Servers.Url,
            },
            messaging =>
            {
                messaging.UseJetStream().Messages([new MessageDefinition("lab.measured.v1", topic, typeof(Measured), message => ((Measured)message).Id.ToString())]);
                if (receives is null) return;
                messaging.Services.AddSingleton(receives);
                messaging.Receive("bench.receiver", [topic], receiver => receiver.Consumer<MeasuredHandler>());
            },
            cancellationToken);

    private static Dictionary<string, string> Settings(string kind, string relays, string wakeUp) => new(StringComparer.Ordinal)
    {
        ["Outbox:Relay"] = kind,
        ["Outbox:Relays"] = relays,
        ["Outbox:WakeUp"] = wakeUp,
    };
}
