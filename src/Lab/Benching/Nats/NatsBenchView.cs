using System.Globalization;
using Spectre.Console;

namespace Lab.Benching.Nats;

/// <summary>Prints a report for people.</summary>
internal static class NatsBenchView
{
    public static void Show(IAnsiConsole console, NatsReport report)
    {
        var table = new Table().Border(TableBorder.Rounded).AddColumn("scenario");
        foreach (var column in (string[])["bytes", "best/s", "median/s", "client µs", "server µs", "allocated B", "official µs", "ratio"])
            table.AddColumn(new TableColumn(column).RightAligned());
        foreach (var row in report.Rows)
        {
            table.AddRow(
                row.Scenario, Number(row.PayloadBytes), Number(row.BestPerSecond), Number(row.MedianPerSecond),
                Number(row.ClientMicroseconds), Number(row.ServerMicroseconds), Number(row.AllocatedBytes),
                row.Official is null ? "-" : $"{Number(row.Official.ClientMicroseconds)} / {Number(row.Official.ServerMicroseconds)}", Number(row.Ratio));
        }

        console.WriteLine();
        console.Write(table.Caption(
            "processor time and memory per message; official: what NATS.Net and the same server took elsewhere; ratio: its client's time to ours, "
            + "each divided by the server's, so 1 or more is as good or better"));
    }

    private static string Number(double? value) => value?.ToString("#,0.##", CultureInfo.InvariantCulture) ?? "-";
}
