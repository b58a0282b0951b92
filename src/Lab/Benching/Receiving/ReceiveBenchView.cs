using Lab.Benching.Relays;
using Spectre.Console;

namespace Lab.Benching.Receiving;

/// <summary>Prints a report for people.</summary>
internal static class ReceiveBenchView
{
    public static void Show(IAnsiConsole console, ReceiveReport report)
    {
        console.WriteLine();
        console.WriteLine($"{report.Broker}{(report.Broker.IsEmbedded ? ": function only, no figures to go by" : "")}; "
            + $"PostgreSQL: {string.Join(", ", report.Database.Select(setting => $"{setting.Key} {setting.Value}"))}");
        RelayBenchView.ShowRows(console, report.Rows, "processor time and memory per message; one row of business data each, four partitions side by side");
        RelayBenchView.ShowTargets(console, report.Targets);
    }
}
