using System.Globalization;
using Spectre.Console;

namespace Lab.Demo;

/// <summary>Prints a report for people.</summary>
internal static class DemoView
{
    private const int MostShown = 10;

    public static void Show(IAnsiConsole console, DemoReport report)
    {
        console.WriteLine();
        console.WriteLine($"{report.Orders} orders by {report.Coordination} over {report.Broker}, PostgreSQL {report.Postgres}, seed {report.Seed}");
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"healthy after {report.StartupSeconds:0.0} s, first order done after {report.FirstOrderSeconds:0.0} s, all orders within {report.RunSeconds:0.0} s"));
        foreach (var disturbance in report.Disturbances) console.WriteLine(disturbance);
        console.Write(Paths(report.Paths));
        foreach (var order in report.Unexpected.Take(MostShown))
        {
            console.MarkupLineInterpolated($"[red]✗[/] order {order.OrderId} ({order.Path}): expected {order.Expected}, seen {order.Seen}");
        }

        WriteRest(console, report.Unexpected.Count);
        foreach (var invariant in report.Invariants) Show(console, invariant);
        foreach (var dead in report.DeadLetters.GroupBy(message => (message.Consumer, message.Type, message.Cause)).Take(MostShown))
        {
            console.WriteLine($"{dead.Count()} dead letters, {dead.Key.Type} at {dead.Key.Consumer}: {dead.Key.Cause}");
        }

        console.WriteLine();
        console.MarkupLineInterpolated(
            $"[bold]{report.Violations} violations[/], {report.Orders - report.Unexpected.Count} of {report.Orders} orders ended as expected");
    }

    /// <summary>What became of the orders of each path.</summary>
    public static Table Paths(IReadOnlyList<PathResult> paths)
    {
        var table = new Table().Border(TableBorder.Rounded)
            .AddColumns("path", "expected end")
            .AddColumns(
                Right("orders"), Right("as expected"), Right("p50 ms"), Right("p95 ms"), Right("p99 ms"));
        foreach (var path in paths)
        {
            table.AddRow(
                path.Path, path.Expected, Number(path.Orders), Number(path.AsExpected),
                Number(path.P50Milliseconds), Number(path.P95Milliseconds), Number(path.P99Milliseconds));
        }

        return table.Caption("milliseconds from accepted to ended");
    }

    /// <summary>Whether an invariant holds, and what breaks it.</summary>
    public static void Show(IAnsiConsole console, InvariantResult invariant)
    {
        if (invariant.Holds) console.MarkupLineInterpolated($"[green]✓[/] {invariant.Number} {invariant.Promise}");
        else console.MarkupLineInterpolated($"[red]✗[/] {invariant.Number} {invariant.Promise}: {invariant.Violations.Count} violations");
        foreach (var violation in invariant.Violations.Take(MostShown))
        {
            console.MarkupLineInterpolated($"    {violation.Subject}: {violation.Seen}");
        }

        WriteRest(console, invariant.Violations.Count);
    }

    private static void WriteRest(IAnsiConsole console, int count)
    {
        if (count > MostShown) console.WriteLine($"    … and {count - MostShown} more (--json has them all)");
    }

    private static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    private static string Number(double? value) => value?.ToString("#,0.#", CultureInfo.InvariantCulture) ?? "-";
}
