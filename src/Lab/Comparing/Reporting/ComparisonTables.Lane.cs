using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <content>The transport lane.</content>
internal static partial class ComparisonTables
{
    /// <summary>Messages per second, the port beside the broker's own client.</summary>
    public static ReportTable Throughput(Comparison comparison) => new(
        "Messages per second, port beside the broker's own client",
        [
            ReportColumn.Text("scenario"), ReportColumn.Text("bytes"), ReportColumn.Text("topic"), ReportColumn.Text("transport"), new("port/s"), new("client/s"), new("port to client"),
            new("port µs"), new("client µs"), new("broker µs by port"), new("broker µs by client"),
        ],
        [
            .. from pair in LanePair.Of(comparison)
               where !pair.IsSteady
               select new ReportRow(
                   [
                       pair.Scenario, Whole(pair.PayloadBytes), pair.Shape, Figures.Marked(pair.Transport), PerSecond(pair.Port), PerSecond(pair.Client), Figures.Ratio(pair.Ratio),
                       Cost(pair.Port, row => row.ClientMicroseconds), Cost(pair.Client, row => row.ClientMicroseconds), Cost(pair.Port, row => row.BrokerMicroseconds), Cost(pair.Client, row => row.BrokerMicroseconds),
                   ])
               {
                   IsEmbedded = !pair.Transport.IsComparable,
                   Instead = pair.Refusal,
               },
        ])
    {
        Note = "Medians of the repeats, in brackets from the least to the most. µs: processor time per message, of the process that uses the port or the client, and of the broker. Port to client: the share of the client's rate that the port reaches.",
    };

    /// <summary>Milliseconds at a steady rate.</summary>
    public static ReportTable Steady(Comparison comparison) => new(
        "Milliseconds at a steady rate",
        [
            ReportColumn.Text("through"), ReportColumn.Text("bytes"), ReportColumn.Text("topic"), ReportColumn.Text("transport"), new("messages/s"), new("generator late p99"),
            new("acknowledged p50"), new("acknowledged p99"), new("handled p50"), new("handled p90"), new("handled p99"), new("handled p99.9"), new("handled longest"),
        ],
        [
            .. from transport in comparison.Transports
               from row in transport.Lane
               where LanePair.IsOpenLoop(row)
               orderby row.PayloadBytes, row.Partitions, row.Through descending
               select new ReportRow(
                   [
                       row.Through, Whole(row.PayloadBytes), LanePair.ShapeOf(row), Figures.Marked(transport), PerSecond(row), Figures.Of(row.PublishDelay?.P99), Figures.Of(row.Publish?.P50), Figures.Of(row.Publish?.P99),
                       Figures.Of(row.EndToEnd?.P50), Figures.Of(row.EndToEnd?.P90), Figures.Of(row.EndToEnd?.P99), Figures.Of(row.EndToEnd?.P999), Figures.Of(row.EndToEnd?.Max),
                   ])
               {
                   IsEmbedded = !transport.IsComparable,
                   Instead = row.Refused is { } refused ? $"refused: {refused}" : null,
               },
        ])
    {
        Note = "Acknowledged: from sent to the broker's acknowledgement. Handled: from when a message was meant to be sent until its handler had it.",
    };

    private static string PerSecond(LaneRow? row) => row is null ? Figures.None : row.Refused is { } refused ? $"refused: {refused}" : Figures.Of(row.PerSecond);

    private static string Cost(LaneRow? row, Func<LaneRow, double?> value) => row is null || row.Refused is not null ? Figures.None : Figures.Of(value(row));
}

/// <summary>The port and the broker's own client in the same scenario.</summary>
/// <param name="Transport">On which transport.</param>
/// <param name="Port">Through the port; null when it was not measured.</param>
/// <param name="Client">Through the client; null when it was not measured.</param>
internal sealed record LanePair(TransportResult Transport, LaneRow? Port, LaneRow? Client)
{
    private LaneRow Any => (Port ?? Client)!;

    /// <summary>What was done.</summary>
    public string Scenario => Any.Scenario;

    /// <summary>The size of a message.</summary>
    public int PayloadBytes => Any.PayloadBytes;

    /// <summary>Partitions, members and groups.</summary>
    public string Shape => ShapeOf(Any);

    /// <summary>Whether it is an open loop, whose figures are latencies.</summary>
    public bool IsSteady => IsOpenLoop(Any);

    /// <summary>The port's rate as a share of the client's; null when one of them does not count.</summary>
    public double? Ratio => Port is { Refused: null } port && Client is { Refused: null, PerSecond.Median: > 0 } client ? port.PerSecond.Median / client.PerSecond.Median : null;

    /// <summary>Why neither counts; null when one does.</summary>
    public string? Refusal => new[] { Port, Client }.OfType<LaneRow>().All(row => row.Refused is not null) ? $"refused: {Any.Refused}" : null;

    /// <summary>Every scenario of every transport, the same ones beside each other.</summary>
    public static IReadOnlyList<LanePair> Of(Comparison comparison)
    {
        var pairs = comparison.Transports.SelectMany(transport => transport.Lane
            .GroupBy(row => (row.Scenario, row.PayloadBytes, row.Partitions, row.Consumers, row.Groups))
            .Select(rows => new LanePair(transport, rows.FirstOrDefault(row => row.Through == "port"), rows.FirstOrDefault(row => row.Through != "port")))).ToArray();
        var scenarios = pairs.Select(pair => pair.Scenario).Distinct(StringComparer.Ordinal).ToList();
        return [.. pairs.OrderBy(pair => scenarios.IndexOf(pair.Scenario)).ThenBy(pair => pair.PayloadBytes).ThenBy(pair => pair.Any.Partitions).ThenBy(pair => pair.Any.Consumers)];
    }

    /// <summary>Whether a row was offered at its rate rather than as fast as it goes.</summary>
    public static bool IsOpenLoop(LaneRow row) => row.Scenario == "steady" || row.EndToEnd is not null;

    /// <summary>Partitions, members and groups of a row, in words.</summary>
    public static string ShapeOf(LaneRow row)
    {
        List<string> parts = [Count(row.Partitions, "partition")];
        if (row.Consumers > 0) parts.Add(Count(row.Consumers, "consumer"));
        if (row.Groups > 1) parts.Add(Count(row.Groups, "group"));
        return string.Join(", ", parts);
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number:#,0} {what}{(number == 1 ? "" : "s")}");
}
