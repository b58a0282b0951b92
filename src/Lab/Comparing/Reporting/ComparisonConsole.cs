using Lab.Comparing.Results;
using Lab.Reporting;
using Spectre.Console;

namespace Lab.Comparing.Reporting;

/// <summary>Prints a comparison for people: what to know first, the main table, the verdict.</summary>
internal static class ComparisonConsole
{
    private const int FiguresOfLane = 3;

    /// <summary>Prints it.</summary>
    public static void Show(IAnsiConsole console, Comparison comparison)
    {
        console.WriteLine();
        console.WriteLine(ReportParts.OneLine(ComparisonPage.TitleOf(comparison)));
        foreach (var line in Conditions.Of(comparison)) console.WriteLine(ReportParts.OneLine(line));
        if (comparison.Partial is { } partial) console.MarkupLineInterpolated($"[red]only a part was measured:[/] {ReportParts.OneLine(partial)}");
        foreach (var warning in comparison.Warnings) console.MarkupLineInterpolated($"[yellow]![/] {ReportParts.OneLine(warning)}");
        foreach (var transport in comparison.Transports)
        {
            foreach (var why in transport.LeftOut) console.WriteLine(ReportParts.OneLine($"not measured on {Figures.NameOf(transport)}: {why}"));
        }

        ReportTable[] tables = [ComparisonTables.Summary(comparison), ComparisonTables.Recovery(comparison), Short(ComparisonTables.Throughput(comparison))];
        foreach (var table in tables.Where(table => !table.IsEmpty)) console.Write(Drawn(table));
        console.WriteLine();
        foreach (var sentence in ComparisonVerdict.Of(comparison)) console.MarkupLineInterpolated($"[bold]{ReportParts.OneLine(sentence)}[/]");
        console.WriteLine(ReportParts.OneLine($"again: {comparison.Command}"));
    }

    // The rates and their ratio; what they cost is in the files.
    private static ReportTable Short(ReportTable table) => table with { Columns = [.. table.Columns.Take(table.FirstFigure + FiguresOfLane)] };

    private static Table Drawn(ReportTable table)
    {
        var drawn = new Table().Border(TableBorder.Rounded).Title(Markup.Escape(table.Name));
        foreach (var column in table.Columns)
        {
            var header = Markup.Escape(ReportParts.OneLine(column.Name));
            drawn.AddColumn(column.IsNumber ? ReportParts.Right(header) : new TableColumn(header));
        }

        foreach (var row in table.Rows)
        {
            var shown = row.Instead is null ? table.Columns.Count : Math.Max(1, Math.Min(row.Cells.Count, table.FirstFigure));
            drawn.AddRow([.. table.Columns.Select((column, index) => Cell(
                index < shown ? row.Cells.ElementAtOrDefault(index) ?? "" : index == shown ? row.Instead! : "", row.IsEmbedded || column.IsEmbedded))]);
        }

        return drawn;
    }

    private static Markup Cell(string text, bool isGrey) => new(Markup.Escape(ReportParts.OneLine(text)), isGrey ? new Style(Color.Grey) : null);
}
