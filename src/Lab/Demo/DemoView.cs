using System.Globalization;
using Lab.Reporting;
using Spectre.Console;

namespace Lab.Demo;

/// <summary>Prints a report for people.</summary>
internal static class DemoView
{
    public static void Show(IAnsiConsole console, DemoReport report)
    {
        console.WriteLine();
        console.WriteLine($"{report.Orders} orders by {report.Coordination} over {report.Broker}, PostgreSQL {report.Postgres}, seed {report.Seed}");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"healthy after {report.StartupSeconds:0.0} s, first order done after {report.FirstOrderSeconds:0.0} s, all orders within {report.RunSeconds:0.0} s"));
        foreach (var disturbance in report.Disturbances) console.WriteLine(disturbance);
        console.Write(ReportParts.Paths(report.Paths, "milliseconds from accepted to ended"));
        foreach (var order in report.Unexpected.Take(ReportParts.MostShown))
        {
            console.MarkupLineInterpolated($"[red]✗[/] order {order.OrderId} ({order.Path}): expected {order.Expected}, seen {order.Seen}");
        }

        ReportParts.WriteRest(console, report.Unexpected.Count);
        foreach (var invariant in report.Invariants) ReportParts.Show(console, invariant);
        foreach (var dead in report.DeadLetters.GroupBy(message => (message.Consumer, message.Type, message.Cause)).Take(ReportParts.MostShown))
        {
            console.WriteLine($"{dead.Count()} dead letters, {dead.Key.Type} at {dead.Key.Consumer}: {dead.Key.Cause}");
        }

        console.WriteLine();
        console.MarkupLineInterpolated(
            $"[bold]{report.Violations} violations[/], {report.Orders - report.Unexpected.Count} of {report.Orders} orders ended as expected");
    }
}
