using System.Text;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>Writes a table for the page. It scrolls within itself; figures of an embedded broker are grey.</summary>
internal static class HtmlTable
{
    /// <summary>The table, every cell encoded; empty when it has no rows.</summary>
    public static string Of(ReportTable table)
    {
        if (table.IsEmpty) return "";
        var html = new StringBuilder();
        html.AppendLine($"""<h3>{HtmlText.Of(table.Name)}</h3><div class="scroll" tabindex="0" role="region" aria-label="{HtmlText.Of(table.Name)}"><table{(table.Columns.Any(column => column.IsNumber) ? " class=\"figures\"" : "")}><thead><tr>""");
        foreach (var column in table.Columns) html.Append($"""<th scope="col"{ClassOf(column)}>{HtmlText.Of(column.Name)}</th>""");
        html.AppendLine("</tr></thead><tbody>");
        foreach (var row in table.Rows) html.AppendLine(Of(table, row));
        html.AppendLine("</tbody></table></div>");
        if (table.Note is { } note) html.AppendLine($"""<p class="muted">{HtmlText.Of(note)}</p>""");
        return html.ToString();
    }

    private static string Of(ReportTable table, ReportRow row)
    {
        var shown = row.Instead is null ? table.Columns.Count : Math.Max(1, Math.Min(row.Cells.Count, table.FirstFigure));
        var cells = new StringBuilder(row.IsEmbedded ? "<tr class=\"embedded\">" : "<tr>");
        for (var column = 0; column < shown; column++)
        {
            var swatch = column == 0 && row.Colour is { } colour ? $"""<span class="swatch {ComparisonCharts.ColourOf(colour)}" aria-hidden="true"></span>""" : "";
            var cell = $"{swatch}{HtmlText.Of(row.Cells.ElementAtOrDefault(column))}";
            cells.Append(column == 0 ? $"""<th scope="row"{ClassOf(table.Columns[column])}>{cell}</th>""" : $"<td{ClassOf(table.Columns[column])}>{cell}</td>");
        }

        if (row.Instead is { } reason) cells.Append($"""<td class="instead" colspan="{table.Columns.Count - shown}">{HtmlText.Of(reason)}</td>""");
        return cells.Append("</tr>").ToString();
    }

    private static string ClassOf(ReportColumn column)
    {
        var classes = $"{(column.IsNumber ? "n" : "")} {(column.IsEmbedded ? "embedded" : "")}".Trim();
        return classes.Length == 0 ? "" : $" class=\"{classes}\"";
    }
}
