using System.Globalization;
using Spectre.Console;

namespace Lab.Benching.Transports;

/// <summary>Prints a report for people.</summary>
internal static class TransportBenchView
{
    public static void Show(IAnsiConsole console, TransportReport report)
    {
        console.WriteLine();
        console.WriteLine($"{report.Broker}{(report.Broker.IsEmbedded ? ": function only, no figures to go by" : "")}");
        var table = Columns("scenario", "bytes", "partitions", "port/s", "client/s", "ratio", "port µs", "client µs", "broker µs by port", "by client", "per batch by port", "by client");
        foreach (var row in report.Rows)
        {
            table.AddRow(
                row.Scenario, Number(row.PayloadBytes), Number(row.Partitions), Number(row.Port.PerSecond), Number(row.Client.PerSecond), Number(row.Ratio),
                Number(row.Port.Microseconds), Number(row.Client.Microseconds), Number(row.Port.BrokerMicroseconds), Number(row.Client.BrokerMicroseconds),
                Number(row.Port.PerBatch), Number(row.Client.PerBatch));
        }

        console.Write(table.Caption("medians; processor time per message in microseconds; ratio: messages per second, port to client"));
        var latencies = Columns("publish to handler at 1,000/s", "bytes", "partitions", "p50 ms", "p99 ms");
        foreach (var row in report.Latencies)
            latencies.AddRow(row.Lane, Number(row.PayloadBytes), Number(row.Partitions), Number(row.P50Milliseconds), Number(row.P99Milliseconds));
        console.Write(latencies);
    }

    private static Table Columns(string first, params string[] others)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(first);
        foreach (var column in others) table.AddColumn(new TableColumn(column).RightAligned());
        return table;
    }

    private static string Number(double? value) => value?.ToString("#,0.##", CultureInfo.InvariantCulture) ?? "-";
}
