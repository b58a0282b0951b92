using System.Text;
using Lab.Comparing.Results;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>
/// Writes a comparison as one page that needs nothing else: no network, no script. What must be known comes before what was found,
/// and the settings stand beside every figure. Everything that came from outside is encoded.
/// </summary>
internal sealed partial class ComparisonPage
{
    private readonly Comparison _comparison;
    private readonly StringBuilder _html = new();

    private ComparisonPage(Comparison comparison) => _comparison = comparison;

    /// <summary>The page of a comparison.</summary>
    public static string Of(Comparison comparison) => new ComparisonPage(comparison).Render();

    /// <summary>What a comparison is called.</summary>
    public static string TitleOf(Comparison comparison) => comparison.Transports.Count switch
    {
        0 => "Nothing was compared",
        1 => $"{Figures.NameOf(comparison.Transports[0])}, measured",
        _ => $"{Figures.Joined([.. comparison.Transports.Select(Figures.NameOf)])}, compared",
    };

    private string Render()
    {
        var title = HtmlText.Of(TitleOf(_comparison));
        Line($"""
            {HtmlPage.Head(TitleOf(_comparison), ProofPageStyle.Css + ComparisonPageStyle.Css + ComparisonPageStyle.Parts)}
            <body>
            <header>
            <h1>{title}</h1>
            <p class="muted">{HtmlText.Of(Subtitle())}</p>
            </header>
            <main>
            """);
        Warnings();
        Verdict();
        Flow();
        Life();
        Cost();
        Recovery();
        Lane();
        Everything();
        Settings();
        Repeat();
        Limits();
        Line("</main>\n</body>\n</html>");
        return _html.ToString();
    }

    private string Subtitle()
    {
        var brokers = string.Join(" beside ", _comparison.Transports.Select(transport => transport.Broker.ToString()));
        var machine = _comparison.Machine;
        return $"{brokers}. {Conditions.When(_comparison)}, {Conditions.Duration(_comparison.TookSeconds)}, {_comparison.Extent} run, durability {_comparison.Durability}, on {machine.Processors} × {machine.Processor}, {machine.OperatingSystem}.";
    }

    private void Warnings()
    {
        if (_comparison.Partial is { } partial)
        {
            Line($"""
                <section class="warnings partial"><h2>Only a part was measured</h2>
                <p>Why: {HtmlText.Of(CapacityReading.Trimmed(partial))}. What there is of it is below.</p></section>
                """);
        }

        string[] warnings =
        [
            .. _comparison.Warnings,
            .. from transport in _comparison.Transports
               where !transport.IsComparable && !_comparison.Warnings.Any(warning => warning.Contains("embedded", StringComparison.OrdinalIgnoreCase))
               select $"Figures of {Figures.NameOf(transport)} come from an embedded broker and are grey: {Figures.EmbeddedMark}.",
        ];
        if (warnings.Length > 0)
        {
            Line("<section class=\"warnings\"><h2>Read this first</h2>");
            List(warnings);
            Line("</section>");
        }

        var leftOut = _comparison.Transports.SelectMany(transport => transport.LeftOut.Select(why => $"{Figures.NameOf(transport)}: {why}")).ToArray();
        if (leftOut.Length == 0) return;
        Line("<section class=\"warnings\"><h2>Not measured</h2>");
        List(leftOut);
        Line("</section>");
    }

    private void Verdict()
    {
        Line("<section class=\"told\"><h2>Verdict</h2><ol>");
        foreach (var sentence in ComparisonVerdict.Of(_comparison)) Line($"<li>{HtmlText.Of(sentence)}</li>");
        Line("</ol></section>");
    }

    private void Settings()
    {
        Line("<section><h2>Settings and machine</h2>");
        Table(ComparisonTables.Settings(_comparison));
        Table(ComparisonTables.Machine(_comparison));
        Line("</section>");
    }

    private void Repeat() => Line($"""
        <section><h2>How to repeat it</h2>
        <pre>{HtmlText.Of(_comparison.Command)}</pre>
        <p class="muted">It writes this page, its figures as JSON and as Markdown. Another machine gives other figures; what stays is how to read them.</p></section>
        """);

    private void Limits()
    {
        Line("<section><h2>What the figures do not say</h2>");
        List(Conditions.Limits(_comparison));
        Line("</section>");
    }

    private void List(IEnumerable<string> lines)
    {
        Line("<ul>");
        foreach (var line in lines) Line($"<li>{HtmlText.Of(line)}</li>");
        Line("</ul>");
    }

    private void Table(ReportTable table) => Line(HtmlTable.Of(table));

    private void Line(string html) => _html.AppendLine(html);
}
