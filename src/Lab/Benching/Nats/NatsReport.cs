using System.Text.Json;

namespace Lab.Benching.Nats;

/// <summary>What the bench of the NATS client measured.</summary>
internal sealed record NatsReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The client's assembly: the stand-in or the official package.</summary>
    public required string Client { get; init; }

    public required string Server { get; init; }

    public required int Processors { get; init; }

    /// <summary>How many messages a round of a scenario takes, before its share.</summary>
    public required int Messages { get; init; }

    public required IReadOnlyList<NatsRow> Rows { get; init; }

    /// <summary>Writes the report as JSON.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, this, Format, cancellationToken);
}

/// <param name="Scenario">What was done.</param>
/// <param name="PayloadBytes">The size of each message's body.</param>
/// <param name="BestPerSecond">Messages per second of the fastest round.</param>
/// <param name="MedianPerSecond">Messages per second of the median round.</param>
/// <param name="ClientMicroseconds">Processor time of the client's process per message, median round.</param>
/// <param name="ServerMicroseconds">Processor time of the server per message, median round; null when it cannot be read.</param>
/// <param name="AllocatedBytes">Memory allocated per message, median round.</param>
/// <param name="Official">What the official client costs, where that was measured.</param>
internal sealed record NatsRow(
    string Scenario,
    int PayloadBytes,
    double BestPerSecond,
    double MedianPerSecond,
    double ClientMicroseconds,
    double? ServerMicroseconds,
    double AllocatedBytes,
    NatsBaseline? Official)
{
    /// <summary>
    /// How many times more processor time the official client takes, each beside the server's own for the same messages, because
    /// the machines differ; null where either is unknown.
    /// </summary>
    public double? Ratio => Official is null || ServerMicroseconds is null
        ? null
        : Math.Round(Official.ClientMicroseconds / Official.ServerMicroseconds / (ClientMicroseconds / ServerMicroseconds.Value), 2);

    public static NatsRow Of(string scenario, int payloadBytes, IReadOnlyList<Measurement> rounds) => new(
        scenario,
        payloadBytes,
        Math.Round(rounds.Max(round => round.PerSecond)),
        Math.Round(Measurement.Median(rounds, round => round.PerSecond)),
        Math.Round(Measurement.Median(rounds, round => round.ClientMicroseconds), 2),
        rounds.All(round => round.ServerMicroseconds is not null) ? Math.Round(Measurement.Median(rounds, round => round.ServerMicroseconds!.Value), 2) : null,
        Math.Round(Measurement.Median(rounds, round => round.BytesPerMessage)),
        NatsBaseline.Find(scenario, payloadBytes));
}

/// <summary>
/// What the official client cost: NATS.Net 3.1.1-preview.1 against nats-server 2.9.10, 50,000 messages of 256 bytes on two processors,
/// six rounds. In microseconds per message.
/// </summary>
internal sealed record NatsBaseline(double ClientMicroseconds, double ServerMicroseconds)
{
    private const int PayloadBytes = 256;

    public static NatsBaseline? Find(string scenario, int payloadBytes) => payloadBytes != PayloadBytes
        ? null
        : scenario switch
        {
            NatsScenario.SequentialPublish => new(98, 60),
            NatsScenario.WindowedPublish => new(11, 13),
            NatsScenario.ConsumeAndAck => new(9, 12),
            NatsScenario.FetchAndAck => new(6, 12),
            NatsScenario.CorePublish => new(3, 1),
            _ => null,
        };
}
