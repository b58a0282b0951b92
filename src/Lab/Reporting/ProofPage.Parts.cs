using System.Globalization;

namespace Lab.Reporting;

/// <content>What was counted, and the pieces that sections are made of.</content>
internal sealed partial class ProofPage
{
    private void Messages()
    {
        var account = _report.Messages;
        Line($"""
            <h2>Messages</h2>
            <dl>
            <dt>published</dt><dd>{account.Published:#,0}, of them {account.Copies:#,0} copies (allowed: the inbox is for that)</dd>
            <dt>taken in</dt><dd>{account.Delivered:#,0} by all consumers</dd>
            <dt>lost</dt><dd>{Judged(account.Lost.Count)}{HtmlText.Of(StoryText.Parts(account.Lost))}</dd>
            <dt>out of order</dt><dd>{account.OutOfOrder.Count:#,0} (told, not judged: invariant 4 judges the effects)</dd>
            <dt>orders never told of</dt><dd>{account.NeverPublished.Count:#,0}</dd>
            </dl>
            """);
        foreach (var gap in account.Gaps) Line($"""<p class="bad">✗ not seen: {HtmlText.Of(gap)}</p>""");
        if (account.Lost.Count > 0) Details("Lost messages", () => ListAll(account.Lost, StoryText.Of));
        if (account.OutOfOrder.Count > 0) Details("Messages out of order", () => ListAll(account.OutOfOrder, StoryText.Of));
        if (account.NeverPublished.Count > 0) Details("Orders never told of", () => ListAll(account.NeverPublished, order => order.ToString()));
        if (_report.DeadLetters.Count == 0) return;
        Line("<h3>Dead letters</h3>");
        Table(["consumer", "type", "cause", "messages"], textColumns: 3, rows: _report.DeadLetters.Select(dead => new[]
        {
            HtmlText.Of(dead.Consumer), HtmlText.Of(dead.Type), HtmlText.Of(dead.Cause), HtmlText.Of(dead.Count),
        }));
    }

    private void Orders()
    {
        Line("<h2>Orders</h2>");
        Table(["path", "expected end", "orders", "as expected", "p50 ms", "p95 ms", "p99 ms"], textColumns: 2, rows: _report.Paths.Select(path => new[]
        {
            HtmlText.Of(path.Path), HtmlText.Of(path.Expected), HtmlText.Of(path.Orders), HtmlText.Of(path.AsExpected),
            Number(path.P50Milliseconds), Number(path.P95Milliseconds), Number(path.P99Milliseconds),
        }));
        Line("<p class=\"muted\">An order that ran into a deadline under a fault is cancelled: another end, and no broken promise.</p>");
    }

    private void Repeat() => Line($"""
        <h2>How to repeat it</h2>
        <pre>{HtmlText.Of(_report.Command)}</pre>
        <p class="muted">The same seed gives the same orders and the same schedule of faults; what they meet is up to the machine.</p>
        """);

    /// <summary>A table that scrolls within itself. Cells are encoded already.</summary>
    /// <param name="headers">The headers.</param>
    /// <param name="textColumns">How many columns hold text.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="numbers">How many columns behind the text hold numbers; then comes text again. Null: all the rest.</param>
    /// <param name="numbersFirst">Whether the first column holds numbers and the text follows.</param>
    private void Table(string[] headers, int textColumns, IEnumerable<string[]> rows, int? numbers = null, bool numbersFirst = false)
    {
        string StyleOf(int column) => (numbersFirst ? column == 0 : column >= textColumns && column < textColumns + (numbers ?? headers.Length)) ? " class=\"n\"" : "";
        Line("<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>");
        for (var column = 0; column < headers.Length; column++) Line($"<th scope=\"col\"{StyleOf(column)}>{headers[column]}</th>");
        Line("</tr></thead><tbody>");
        foreach (var row in rows)
            Line($"<tr>{string.Concat(row.Select((cell, column) => $"<td{StyleOf(column)}>{cell}</td>"))}</tr>");
        Line("</tbody></table></div>");
    }

    private void Details(string summary, Action content)
    {
        Line($"<details><summary>{HtmlText.Of(summary)}</summary>");
        content();
        Line("</details>");
    }

    private void List(IEnumerable<string> lines)
    {
        Line("<ul>");
        foreach (var line in lines) Line($"<li>{HtmlText.Of(line)}</li>");
        Line("</ul>");
    }

    private void ListAll<T>(IReadOnlyList<T> what, Func<T, string> line)
    {
        List(what.Take(MostShown).Select(line));
        Rest(what.Count, MostShown);
    }

    private void Rest(int count, int shown)
    {
        if (count > shown) Line($"""<p class="muted">… and {count - shown:#,0} more; the JSON file has them all.</p>""");
    }

    private void Line(string html) => _html.AppendLine(html);

    private static string Judged(int count) => string.Create(CultureInfo.InvariantCulture, $"<strong class=\"{(count == 0 ? "ok" : "bad")}\">{count:#,0}</strong>");

    private static string Number(double? value) => value is { } number ? HtmlText.Of(number, "#,0.0") : "-";
}
