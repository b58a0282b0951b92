using System.Globalization;
using Spectre.Console;

namespace Lab.Benching.Relays;

/// <summary>Prints a report for people.</summary>
internal static class RelayBenchView
{
    public static void Show(IAnsiConsole console, RelayReport report)
    {
        console.WriteLine();
        console.WriteLine($"{report.Broker}{(report.Broker.IsEmbedded ? ": function only, no figures to go by" : "")}, "
            + $"{(report.BrokerSyncs ? "on disk" : report.Broker.IsEmbedded ? "in memory" : "in the page cache")} when it acknowledges; "
            + $"PostgreSQL: {string.Join(", ", report.Database.Select(setting => $"{setting.Key} {setting.Value}"))}");
        ShowRows(console, report.Rows, $"processor time and memory per message of {report.BodyBytes} bytes; batches of {report.Batch}");
        if (report.Latencies.Count == 0) return;
        var latencies = Columns("commit to handler", "load", "samples", "p50 ms", "p99 ms", "max ms", "our µs", "database µs", "broker µs");
        foreach (var row in report.Latencies)
        {
            latencies.AddRow(
                row.WokenBy, row.Load, Number(row.Samples), Number(row.P50), Number(row.P99), Number(row.Max), Number(row.Microseconds),
                Number(row.DatabaseMicroseconds), Number(row.BrokerMicroseconds));
        }

        console.Write(latencies.Caption("our process is writer, relay and receiver; idle: from before the commit; at a rate: from when each was due"));
        ShowTargets(console, report.Targets);
    }

    /// <summary>What was measured.</summary>
    public static void ShowRows(IAnsiConsole console, IReadOnlyList<RelayRow> rows, string caption)
    {
        var table = Columns("scenario", "median/s", "slowest/s", "our µs", "database µs", "broker µs", "allocated B");
        foreach (var row in rows)
        {
            table.AddRow(
                row.Scenario, Number(row.PerSecond), Number(row.Slowest), Number(row.Microseconds), Number(row.DatabaseMicroseconds),
                Number(row.BrokerMicroseconds), Number(row.AllocatedBytes));
        }

        console.Write(table.Caption(caption));
    }

    /// <summary>What it is judged by.</summary>
    public static void ShowTargets(IAnsiConsole console, IReadOnlyList<RelayTarget> judged)
    {
        var targets = Columns("figure", "value", "to be", "");
        foreach (var target in judged)
            targets.AddRow(target.What, Number(target.Value), $"{(target.IsLimit ? "< " : ">= ")}{Number(target.Bound)}", target.Reached ? "reached" : "missed");
        console.Write(targets);
    }

    private static Table Columns(string first, params string[] others)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn(first);
        foreach (var column in others) table.AddColumn(new TableColumn(column).RightAligned());
        return table;
    }

    private static string Number(double? value) => value?.ToString("#,0.##", CultureInfo.InvariantCulture) ?? "-";
}
