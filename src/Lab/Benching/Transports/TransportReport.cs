using System.Text.Json;
using Lab.Running;

namespace Lab.Benching.Transports;

/// <summary>What the bench of a transport measured.</summary>
internal sealed record TransportReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public required BrokerDescription Broker { get; init; }

    public required int Processors { get; init; }

    public required int Messages { get; init; }

    public required IReadOnlyList<TransportRow> Rows { get; init; }

    public required IReadOnlyList<LatencyRow> Latencies { get; init; }

    public static TransportReport Of(
        BrokerDescription broker,
        int messages,
        IReadOnlyDictionary<(string Scenario, int Bytes, int Partitions, string Lane), List<Measurement>> measured,
        IReadOnlyDictionary<(int Bytes, int Partitions, string Lane), List<double>> latencies) => new()
        {
            Broker = broker,
            Processors = Environment.ProcessorCount,
            Messages = messages,
            Rows = [.. measured.Keys.Select(key => (key.Scenario, key.Bytes, key.Partitions)).Distinct().Select(key => new TransportRow(
                key.Scenario,
                key.Bytes,
                key.Partitions,
                Cost.Of(measured[(key.Scenario, key.Bytes, key.Partitions, "port")]),
                Cost.Of(measured[(key.Scenario, key.Bytes, key.Partitions, "client")])))],
            Latencies = [.. latencies.Select(entry => LatencyRow.Of(entry.Key.Lane, entry.Key.Bytes, entry.Key.Partitions, entry.Value))],
        };

    /// <summary>Writes reports as JSON.</summary>
    public static Task WriteAsync(Stream stream, IReadOnlyList<TransportReport> reports, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, reports, Format, cancellationToken);
}

/// <param name="Scenario">What was done.</param>
/// <param name="PayloadBytes">The size of each message's body.</param>
/// <param name="Partitions">Of the topic.</param>
/// <param name="Port">Through the port.</param>
/// <param name="Client">Through the broker's own client.</param>
internal sealed record TransportRow(string Scenario, int PayloadBytes, int Partitions, Cost Port, Cost Client)
{
    /// <summary>Messages per second through the port for each through the client.</summary>
    public double Ratio => Math.Round(Port.PerSecond / Client.PerSecond, 2);
}

/// <summary>Medians of the rounds: messages per second, and per message the processor time of this process and of the broker, memory allocated, and how many messages were settled at once.</summary>
internal sealed record Cost(double PerSecond, double Microseconds, double? BrokerMicroseconds, double AllocatedBytes, double? PerBatch)
{
    public static Cost Of(IReadOnlyList<Measurement> rounds) => new(
        Math.Round(Measurement.Median(rounds, round => round.PerSecond)),
        Math.Round(Measurement.Median(rounds, round => round.ClientMicroseconds), 2),
        rounds.All(round => round.ServerMicroseconds is not null) ? Math.Round(Measurement.Median(rounds, round => round.ServerMicroseconds!.Value), 2) : null,
        Math.Round(Measurement.Median(rounds, round => round.BytesPerMessage)),
        rounds.All(round => round.PerBatch is not null) ? Math.Round(Measurement.Median(rounds, round => round.PerBatch!.Value), 1) : null);
}

/// <summary>From the moment a message was due to its handler, at a steady rate, in milliseconds.</summary>
internal sealed record LatencyRow(string Lane, int PayloadBytes, int Partitions, double P50Milliseconds, double P99Milliseconds)
{
    public static LatencyRow Of(string lane, int payloadBytes, int partitions, IReadOnlyList<double> milliseconds)
    {
        double[] sorted = [.. milliseconds.Order()];
        return new LatencyRow(lane, payloadBytes, partitions, At(0.5), At(0.99));

        double At(double share) => Math.Round(sorted[(int)Math.Ceiling(sorted.Length * share) - 1], 2);
    }
}
