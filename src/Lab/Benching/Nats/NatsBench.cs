using Spectre.Console;

namespace Lab.Benching.Nats;

/// <summary>Measures the NATS client this project runs on, every scenario in turn and again, on a server of its own.</summary>
/// <param name="messages">How many messages a round of each scenario takes, before its share.</param>
/// <param name="rounds">How often each is measured.</param>
/// <param name="console">Told how far it is.</param>
internal sealed class NatsBench(int messages, int rounds, IAnsiConsole console)
{
    private static readonly int[] PayloadBytes = [256, 4096];

    /// <summary>Runs everything.</summary>
    /// <exception cref="LabException">The server does not start, or messages are missing.</exception>
    public async Task<NatsReport> RunAsync(CancellationToken cancellationToken)
    {
        await using var server = await BrokerProcess.StartAsync("jetstream", cancellationToken);
        console.WriteLine($"{typeof(NatsConnection).Assembly.GetName().Name} against {server.Description}, {messages} messages, {rounds} rounds");
        var measured = new Dictionary<(NatsScenario, int), List<Measurement>>();

        // The first round warms up and does not count. Rounds, not scenarios, come again: what disturbs the machine disturbs them all.
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var (scenario, bytes) in from bytes in PayloadBytes from scenario in NatsScenario.All select (scenario, bytes))
            {
                var measurement = await RunAsync(scenario, bytes, server, cancellationToken);
                if (round == 0) measured[(scenario, bytes)] = [];
                else measured[(scenario, bytes)].Add(measurement);
            }

            console.WriteLine(round == 0 ? "warmed up" : $"round {round} of {rounds}");
        }

        return new NatsReport
        {
            Client = typeof(NatsConnection).Assembly.GetName().Name!,
            Server = server.Description.ToString(),
            Processors = Environment.ProcessorCount,
            Messages = messages,
            Rows = [.. measured.Select(entry => NatsRow.Of(entry.Key.Item1.Name, entry.Key.Item2, entry.Value))],
        };
    }

    private async Task<Measurement> RunAsync(NatsScenario scenario, int bytes, BrokerProcess server, CancellationToken cancellationToken)
    {
        await using var lane = await NatsLane.OpenAsync(server.Url, bytes, cancellationToken);
        var count = Math.Max(1, (int)(messages * scenario.Share));
        await scenario.PrepareAsync(lane, count, cancellationToken);
        var meter = Meter.Start(server.Process);
        await scenario.RunAsync(lane, count, cancellationToken);
        var measurement = meter.Stop(count);
        var stored = await lane.CountAsync(cancellationToken);
        var expected = scenario.Stores ? count : 0;
        if (stored != expected) throw new LabException($"{scenario.Name}: the stream holds {stored} messages instead of {expected}");
        return measurement;
    }
}
