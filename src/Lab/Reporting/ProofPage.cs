using System.Globalization;
using System.Text;
using Lab.Demo;
using Lab.History;
using Lab.Proving;

namespace Lab.Reporting;

/// <summary>
/// Writes a proof as one page that needs nothing else: no network, no script. Its picture reads at a glance, its tables hold the
/// numbers, and each violation its story. Everything that came from outside is encoded.
/// </summary>
internal sealed partial class ProofPage
{
    private const int MostShown = 25;

    private readonly ProofReport _report;
    private readonly StringBuilder _html = new();

    private ProofPage(ProofReport report) => _report = report;

    /// <summary>Writes the page of a report.</summary>
    public static async Task WriteAsync(ProofReport report, Stream stream, CancellationToken cancellationToken) =>
        await stream.WriteAsync(Encoding.UTF8.GetBytes(new ProofPage(report).Render()), cancellationToken);

    private string Render()
    {
        var verdict = Verdict.Of(_report);
        var style = verdict.IsGood ? "ok" : "bad";
        Line($"""
            {HtmlPage.Head($"{verdict.Headline}: proof on {_report.Transport}, seed {_report.Seed}", ProofPageStyle.Css)}
            <body>
            <header class="verdict {style}">
            <h1>{(verdict.IsGood ? "✓" : "✗")} {HtmlText.Of(verdict.Headline)}</h1>
            <p>{HtmlText.Of(verdict.Sentence)}</p>
            </header>
            <main>
            """);
        Settings();
        Picture();
        Invariants();
        Explanations();
        Faults();
        Messages();
        Orders();
        Repeat();
        Line("</main>\n</body>\n</html>");
        return _html.ToString();
    }

    private void Settings() => Line($"""
        <p class="muted">{HtmlText.Of(_report.Broker.ToString())}, PostgreSQL {HtmlText.Of(_report.Postgres)}, {HtmlText.Of(_report.Coordination)},
        {_report.Rate} orders/s for {HtmlText.Of(_report.LoadSeconds)} s, seed {_report.Seed}, {HtmlText.Of(_report.Began.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture))} UTC.
        {_report.Accepted:#,0} orders were accepted.</p>
        """);

    private void Picture()
    {
        Line($"""
            <h2>What happened</h2>
            <p class="muted">Bars: faults, by what they struck; the thin bar behind one is the time to recover. Their shade runs down through the charts. Point at a bar or a second for its numbers.</p>
            <div class="scroll" tabindex="0">
            {ProofChart.Of(_report)}
            </div>
            """);
        Details("The same as a table", () => Table(
            ["second", "sent", "accepted", "ended", "open", "p50 ms", "p99 ms"], textColumns: 0,
            _report.Timeline.Select(second => new[]
            {
                HtmlText.Of(second.Second), HtmlText.Of(second.Sent), HtmlText.Of(second.Accepted), HtmlText.Of(second.Ended), HtmlText.Of(second.Open),
                Number(second.P50Milliseconds), Number(second.P99Milliseconds),
            })));
    }

    private void Invariants()
    {
        Line("<h2>Invariants</h2>");
        Line("<ul class=\"plain\">");
        foreach (var invariant in _report.Invariants) Invariant(invariant);
        foreach (var line in _report.StillUnderWay) Line($"""<li><span class="bad">✗</span> still under way: {HtmlText.Of(line)}</li>""");
        Line("</ul>");
    }

    private void Invariant(InvariantResult invariant)
    {
        var told = _report.MustBreak == invariant.Number ? invariant.Holds ? " (must break: NOT shown)" : " (must break: broken as told)" : "";
        Line(invariant.Holds
            ? $"""<li><span class="ok">✓ {invariant.Number}</span> {HtmlText.Of(invariant.Promise)}{told}"""
            : $"""<li><span class="bad">✗ {invariant.Number}</span> {HtmlText.Of(invariant.Promise)}: <strong>{Verdict.Count(invariant.Violations.Count, "violation")}</strong>{told}""");
        if (!invariant.Holds)
        {
            List(invariant.Violations.Take(ReportParts.MostShown).Select(violation => $"{violation.Subject}: {violation.Seen}"));
            Rest(invariant.Violations.Count, ReportParts.MostShown);
        }

        Line("</li>");
    }

    private void Explanations()
    {
        if (_report.Explanations.Count == 0) return;
        Line("<h2>Violations, explained</h2>");
        foreach (var explanation in _report.Explanations)
        {
            Details($"invariant {explanation.Invariant}, {explanation.Subject}: {explanation.Seen}", () =>
            {
                Line(explanation.Suspects.Count == 0
                    ? "<p>No fault was up meanwhile, or shortly before.</p>"
                    : "<p>Faults that were up meanwhile, or shortly before:</p>");
                if (explanation.Suspects.Count > 0) List(explanation.Suspects.Select(suspect => FaultText.Of(suspect, _report.Began)));
                Story(explanation.Story);
            });
        }
    }

    private void Story(IReadOnlyList<HistoryEntry> story) => Table(
        ["at s", "what", "where", "message", "place"], textColumns: 4, numbersFirst: true,
        rows: story.Select(entry => new[]
        {
            HtmlText.Of((entry.At - _report.Began).TotalSeconds, "0.000"),
            $"{HtmlText.Of(StoryText.KindOf(entry.Kind))} <strong>{HtmlText.Of(entry.What)}</strong>",
            HtmlText.Of(entry.Where),
            HtmlText.Of(entry.MessageId),
            entry.Partition is { } partition ? $"{partition}/{entry.Position}" : "",
        }));

    private void Faults()
    {
        Line("<h2>Faults</h2>");
        if (_report.Faults.Count == 0) Line("<p>None struck.</p>");
        else
        {
            Table(["fault", "target", "what it does", "at s", "lasted s", "back after s", "caught up after s", "note"], textColumns: 3, numbers: 4, rows: _report.Faults.Select(fault => new[]
            {
                HtmlText.Of(fault.Name), HtmlText.Of(fault.Target), HtmlText.Of(fault.Description),
                Number((fault.Began - _report.Began).TotalSeconds), Number((fault.Healed - fault.Began).TotalSeconds), Number(fault.RecoverySeconds), Number(fault.CaughtUpSeconds),
                fault.Failure is { } failure ? $"""<span class="bad">could not strike: {HtmlText.Of(failure)}</span>""" : HtmlText.Of(fault.Note),
            }));
            Line("<p class=\"muted\">Back: from healed until orders ended at their rate again. Caught up: until the last one had ended that was due before. Other faults that struck meanwhile make both longer. None: it did not happen before the run was over.</p>");
        }

        if (_report.LeftOut.Count == 0) return;
        Line("<p>Left out:</p>");
        List(_report.LeftOut.GroupBy(fault => fault.Why, StringComparer.Ordinal).Select(same => $"{string.Join(", ", same.Select(fault => fault.Name))}: {same.Key}"));
    }
}
