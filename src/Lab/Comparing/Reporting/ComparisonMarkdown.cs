using System.Text;
using Lab.Comparing.Results;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>Writes a comparison as Markdown, to be pasted: the verdict, the main tables and the settings.</summary>
internal static class ComparisonMarkdown
{
    /// <summary>The text.</summary>
    public static string Of(Comparison comparison)
    {
        var text = new StringBuilder();
        Paragraph(text, $"## {Escaped(ComparisonPage.TitleOf(comparison))}");
        Paragraph(text, Escaped($"{Conditions.When(comparison)}, {Conditions.Duration(comparison.TookSeconds)}, {comparison.Extent} run, durability {comparison.Durability}."));
        if (comparison.Partial is { } partial) Paragraph(text, $"**Only a part was measured:** {Escaped(partial)}");
        List(text, comparison.Warnings.Select(warning => $"**Note:** {Escaped(warning)}"));
        List(text, comparison.Transports.SelectMany(transport => transport.LeftOut.Select(why => $"Not measured on {Escaped(Figures.NameOf(transport))}: {Escaped(why)}")));
        Paragraph(text, "### Verdict");
        var number = 0;
        Paragraph(text, string.Join('\n', ComparisonVerdict.Of(comparison).Select(sentence => $"{++number}. {Escaped(sentence)}")));
        ReportTable[] tables =
        [
            ComparisonTables.Summary(comparison), ComparisonTables.Stages(comparison), ComparisonTables.Processes(comparison), ComparisonTables.Databases(comparison),
            ComparisonTables.Recovery(comparison), ComparisonTables.Runs(comparison), ComparisonTables.Throughput(comparison), ComparisonTables.Steady(comparison),
        ];
        foreach (var table in tables.Where(table => !table.IsEmpty))
        {
            Write(text, table);
            Paragraph(text, $"<sub>{string.Join("<br>", Conditions.Of(comparison).Select(Escaped))}</sub>");
        }

        Write(text, ComparisonTables.Settings(comparison));
        Write(text, ComparisonTables.Machine(comparison));
        Paragraph(text, "### What the figures do not say");
        List(text, Conditions.Limits(comparison).Select(Escaped));
        Paragraph(text, "### How to repeat it");
        Paragraph(text, $"```\n{Whole(comparison.Command).Replace("```", "'''", StringComparison.Ordinal)}\n```");
        return text.ToString();
    }

    private static void Write(StringBuilder text, ReportTable table)
    {
        Paragraph(text, $"### {Escaped(table.Name)}");
        text.AppendLine($"| {string.Join(" | ", table.Columns.Select(column => Escaped(column.Name)))} |");
        text.AppendLine($"| {string.Join(" | ", table.Columns.Select(column => column.IsNumber ? "---:" : "---"))} |");
        foreach (var row in table.Rows) text.AppendLine($"| {string.Join(" | ", Cells(table, row))} |");
        text.AppendLine();
        if (table.Note is { } note) Paragraph(text, Escaped(note));
    }

    // Markdown knows no grey: figures of an embedded broker are in italics, and the mark stands in their row or their column.
    private static IEnumerable<string> Cells(ReportTable table, ReportRow row)
    {
        var shown = row.Instead is null ? table.Columns.Count : Math.Max(1, Math.Min(row.Cells.Count, table.FirstFigure));
        for (var column = 0; column < table.Columns.Count; column++)
        {
            var cell = column < shown ? Escaped(row.Cells.ElementAtOrDefault(column) ?? "") : column == shown ? Escaped(row.Instead!) : "";
            var isGrey = (row.IsEmbedded || table.Columns[column].IsEmbedded) && cell.Length > 0 && cell != Figures.None;
            yield return isGrey ? $"_{cell}_" : cell;
        }
    }

    private static void List(StringBuilder text, IEnumerable<string> lines)
    {
        var all = string.Join('\n', lines.Select(line => $"- {line}"));
        if (all.Length > 0) Paragraph(text, all);
    }

    private static void Paragraph(StringBuilder text, string paragraph) => text.AppendLine(paragraph).AppendLine();

    // Half a letter, which no file can hold, becomes the sign for one that is not known.
    private static string Whole(string value) => string.Concat(ReportParts.OneLine(value).EnumerateRunes());

    /// <summary>Text as one line that neither ends a cell nor is markup.</summary>
    private static string Escaped(string value)
    {
        var escaped = new StringBuilder(value.Length);
        foreach (var letter in Whole(value).EnumerateRunes())
        {
            if (letter.Value is '<') escaped.Append("&lt;");
            else if (letter.Value is '|' or '*' or '_' or '`' or '[' or ']' or '\\') escaped.Append('\\').Append(letter);
            else escaped.Append(letter);
        }

        return escaped.ToString();
    }
}
