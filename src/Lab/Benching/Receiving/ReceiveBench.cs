using Lab.Benching.Relays;
using Spectre.Console;

namespace Lab.Benching.Receiving;

/// <summary>
/// Measures the receive pipeline beside what bounds it: batches of 1, 10 and 100, with and without inbox, a row of business data per
/// message. Starts a broker and a PostgreSQL of its own.
/// </summary>
/// <param name="transport"><c>jetstream</c> or <c>kafka</c>.</param>
/// <param name="messages">How many messages a round of each scenario takes, before its share.</param>
/// <param name="rounds">How often each is measured.</param>
/// <param name="only">Measures only what has this in its name; null: everything.</param>
/// <param name="console">Told how far it is.</param>
internal sealed class ReceiveBench(string transport, int messages, int rounds, string? only, IAnsiConsole console)
{
    /// <summary>Runs everything.</summary>
    /// <exception cref="LabException">A server does not start, or nothing is to be measured.</exception>
    public async Task<ReceiveReport> RunAsync(CancellationToken cancellationToken)
    {
        ReceiveScenario[] scenarios = [.. ReceiveScenario.All.Where(scenario => only is null || scenario.Name.Contains(only, StringComparison.OrdinalIgnoreCase))];
        if (scenarios.Length == 0) throw new LabException($"nothing that is measured has '{only}' in its name");
        await using var servers = await BrokerProcess.StartAsync(transport, cancellationToken, withDatabase: true);
        await using var port = servers.Connect(transport);
        var stage = new RelayStage(servers, port);
        console.WriteLine($"receive pipeline on {servers.Description}, {messages} messages, {rounds} rounds");

        // The first round warms up and does not count. Rounds, not scenarios, come again: what disturbs the machine disturbs them all.
        var measured = scenarios.ToDictionary(scenario => scenario.Name, _ => new List<Measurement>(), StringComparer.Ordinal);
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var scenario in scenarios)
            {
                var measurement = await scenario.MeasureAsync(stage, Math.Max(100, (int)(messages * scenario.Share / (round == 0 ? 5 : 1))), cancellationToken);
                console.WriteLine($"  {scenario.Name}: {measurement.PerSecond:#,0}/s");
                if (round > 0) measured[scenario.Name].Add(measurement);
            }

            console.WriteLine(round == 0 ? "warmed up" : $"round {round} of {rounds}");
        }

        return new ReceiveReport
        {
            Broker = servers.Description,
            Database = await servers.ReadDatabaseSettingsAsync(cancellationToken),
            Processors = Environment.ProcessorCount,
            Messages = messages,
            Rows = [.. scenarios.Select(scenario => RelayRow.Of(scenario.Name, measured[scenario.Name]))],
        };
    }
}
