using System.Globalization;
using Lab.Demo;
using Spectre.Console;

namespace Lab.Reporting;

/// <summary>What the reports of demo and prove show alike on the console.</summary>
internal static class ReportParts
{
    /// <summary>How many of a kind are shown; the file has them all.</summary>
    public const int MostShown = 10;

    /// <summary>The paths that orders took.</summary>
    public static Table Paths(IReadOnlyList<PathResult> paths, string caption)
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

        return table.Caption(caption);
    }

    /// <summary>An invariant with its first violations.</summary>
    public static void Show(IAnsiConsole console, InvariantResult invariant)
    {
        if (invariant.Holds) console.MarkupLineInterpolated($"[green]✓[/] {invariant.Number} {invariant.Promise}");
        else console.MarkupLineInterpolated($"[red]✗[/] {invariant.Number} {invariant.Promise}: {invariant.Violations.Count} violations");
        foreach (var violation in invariant.Violations.Take(MostShown))
        {
            console.MarkupLineInterpolated($"    {OneLine(violation.Subject)}: {OneLine(violation.Seen)}");
        }

        WriteRest(console, invariant.Violations.Count);
    }

    /// <summary>Says how many were not shown.</summary>
    public static void WriteRest(IAnsiConsole console, int count)
    {
        if (count > MostShown) console.WriteLine($"    … and {count - MostShown} more (--json has them all)");
    }

    /// <summary>Text from outside as one line: a cause may hold what a stranger sent, and must neither break the line nor command the terminal.</summary>
    public static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? ' ' : c));

    public static TableColumn Right(string header) => new TableColumn(header).RightAligned();

    public static string Number(double? value) => value?.ToString("#,0.#", CultureInfo.InvariantCulture) ?? "-";
}
