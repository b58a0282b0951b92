using System.Text.Json;
using Lab.Benching.Relays;
using Lab.Running;

namespace Lab.Benching.Receiving;

/// <summary>What the bench of the receive pipeline measured.</summary>
internal sealed record ReceiveReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public required BrokerDescription Broker { get; init; }

    /// <summary>The database server's version and the settings that its durability hangs on.</summary>
    public required IReadOnlyDictionary<string, string> Database { get; init; }

    public required int Processors { get; init; }

    /// <summary>How many messages a round of a scenario takes, before its share.</summary>
    public required int Messages { get; init; }

    public required IReadOnlyList<RelayRow> Rows { get; init; }

    /// <summary>What the figures are judged by: batches of a hundred against one by one, both with the inbox.</summary>
    public IReadOnlyList<RelayTarget> Targets =>
        Rows.FirstOrDefault(row => row.Scenario == ReceiveScenario.NameOf(100, inbox: true)) is { } many
        && Rows.FirstOrDefault(row => row.Scenario == ReceiveScenario.NameOf(1, inbox: true)) is { } one
            ? [new RelayTarget("batches of 100 to one by one, with inbox", Math.Round(many.PerSecond / one.PerSecond, 2), 5, IsLimit: false)]
            : [];

    /// <summary>Writes reports as JSON.</summary>
    public static Task WriteAsync(Stream stream, IReadOnlyList<ReceiveReport> reports, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, reports, Format, cancellationToken);
}
