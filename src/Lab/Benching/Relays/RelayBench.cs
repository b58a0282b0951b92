using Messaging;
using Spectre.Console;

namespace Lab.Benching.Relays;

/// <summary>
/// Measures the outbox and its relays beside what bounds them: draining a full outbox, writing to it, and the way from commit to
/// handler. Starts a broker and a PostgreSQL of its own.
/// </summary>
/// <param name="transport"><c>jetstream</c> or <c>kafka</c>; with Kafka only what needs a broker is measured.</param>
/// <param name="messages">How many messages a round of each scenario takes, before its share.</param>
/// <param name="rounds">How often each is measured.</param>
/// <param name="only">Measures only what has this in its name; null: everything.</param>
/// <param name="console">Told how far it is.</param>
internal sealed class RelayBench(string transport, int messages, int rounds, string? only, IAnsiConsole console)
{
    private readonly Dictionary<string, List<Measurement>> _measured = new(StringComparer.Ordinal);
    private readonly Dictionary<(string WokenBy, string Load), List<LatencyRound>> _latencies = [];

    /// <summary>Whether there is something to measure.</summary>
    public bool HasWork => Scenarios.Length + Modes.Length > 0;

    private RelayScenario[] Scenarios => [.. RelayScenario.For(transport).Where(scenario => IsWanted(scenario.Name))];

    private LatencyMode[] Modes => [.. LatencyMode.All.Where(mode => transport == "jetstream" && IsWanted(mode.Name))];

    /// <summary>Runs everything.</summary>
    /// <exception cref="LabException">A server does not start, or messages are missing.</exception>
    public async Task<RelayReport> RunAsync(CancellationToken cancellationToken)
    {
        var (scenarios, modes) = (Scenarios, Modes);
        await using var servers = await BrokerProcess.StartAsync(transport, cancellationToken, withDatabase: true);
        await using var port = servers.Connect(transport);
        await port.EnsureTopicsAsync([new TopicDefinition(RelayStage.Topic)], cancellationToken);
        var stage = new RelayStage(servers, port);
        console.WriteLine($"outbox and relays on {servers.Description}, {messages} messages, {rounds} rounds");

        // The first round warms up and does not count. Rounds, not scenarios, come again: what disturbs the machine disturbs them all.
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var scenario in scenarios)
                await MeasureAsync(stage, scenario, isWarmUp: round == 0, cancellationToken);
            if (modes.Length > 0)
                Keep(LatencyMode.TransactionOnly, RelayLatency.Idle, await LatencyMode.MeasureTransactionAsync(stage, cancellationToken), isWarmUp: round == 0);
            foreach (var mode in modes)
                await FollowAsync(stage, mode, isWarmUp: round == 0, cancellationToken);
            console.WriteLine(round == 0 ? "warmed up" : $"round {round} of {rounds}");
        }

        return new RelayReport
        {
            Broker = servers.Description,
            BrokerSyncs = port.Capabilities.FsyncBeforeAcknowledge,
            Database = await servers.ReadDatabaseSettingsAsync(cancellationToken),
            Processors = Environment.ProcessorCount,
            Messages = messages,
            BodyBytes = RelayStage.BodyBytes,
            Batch = RelayStage.Batch,
            Rows = [.. _measured.Select(entry => RelayRow.Of(entry.Key, entry.Value))],
            Latencies = [.. _latencies.Select(entry => RelayLatency.Of(entry.Key.WokenBy, entry.Key.Load, entry.Value))],
        };
    }

    private bool IsWanted(string name) => only is null || name.Contains(only, StringComparison.OrdinalIgnoreCase);

    private async Task MeasureAsync(RelayStage stage, RelayScenario scenario, bool isWarmUp, CancellationToken cancellationToken)
    {
        var count = Math.Max(1, (int)(messages * scenario.Share / (isWarmUp ? 5 : 1)));
        var measurement = await scenario.MeasureAsync(stage, count, cancellationToken);
        console.WriteLine($"  {scenario.Name}: {measurement.PerSecond:#,0}/s");
        if (!isWarmUp) Add(_measured, scenario.Name, measurement);
    }

    private async Task FollowAsync(RelayStage stage, LatencyMode mode, bool isWarmUp, CancellationToken cancellationToken)
    {
        var (idle, steady) = await mode.MeasureAsync(stage, cancellationToken);
        Keep(mode.Name, RelayLatency.Idle, idle, isWarmUp);
        Keep(mode.Name, RelayLatency.Steady, steady, isWarmUp);
    }

    private void Keep(string wokenBy, string load, LatencyRound round, bool isWarmUp)
    {
        console.WriteLine($"  {wokenBy}, {load}: {round.Milliseconds.Order().ElementAt(round.Milliseconds.Count / 2):0.00} ms");
        if (!isWarmUp) Add(_latencies, (wokenBy, load), round);
    }

    private static void Add<TKey, T>(Dictionary<TKey, List<T>> all, TKey key, T one)
        where TKey : notnull
    {
        if (!all.TryGetValue(key, out var list)) all[key] = list = [];
        list.Add(one);
    }
}
