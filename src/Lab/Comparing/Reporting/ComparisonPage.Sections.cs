using Lab.Comparing.Results;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <content>The sections that hold figures; one whose lane was not run is left out.</content>
internal sealed partial class ComparisonPage
{
    private void Flow()
    {
        var flows = _comparison.Transports.Where(transport => transport.Flow is not null).ToArray();
        if (flows.Length == 0) return;
        Line("<section><h2>The flow</h2>");
        foreach (var limit in flows.GroupBy(transport => transport.Flow!.Limit, StringComparer.Ordinal))
        {
            var whose = flows.Length == limit.Count() ? "" : $" on {Figures.Joined([.. limit.Select(Figures.NameOf)])}";
            Line($"""<p>Orders are offered at a fixed rate whether or not the system keeps up. Sustained{HtmlText.Of(whose)} means: {HtmlText.Of(CapacityReading.Trimmed(limit.Key))}.</p>""");
        }

        Refused(flows);
        Picture("Capacity", "The most orders per second under that limit.", ComparisonCharts.Capacity(_comparison), "no rate was sustained in a run that counts.");
        Line("<div class=\"pictures\">");
        Picture("Throughput against latency", "Each mark is a rate that was offered, median of its repeats; an empty one did not keep the limit. Right and low is good.", ComparisonCharts.LatencyOverThroughput(_comparison), "no run counts.");
        Picture("How long orders take", "Percentile curves at 50 % and 80 % of each transport's own capacity, of the repeat whose p99 is in the middle. The right end is the highest percentile that the number of orders allows.", ComparisonCharts.Percentiles(_comparison), "the flow was not measured at 50 % or 80 % of a capacity.");
        Line("</div>");
        Table(ComparisonTables.Summary(_comparison));
        Stated();
        Line("</section>");
    }

    private void Refused(IEnumerable<TransportResult> flows)
    {
        var refused = (from transport in flows
                       from run in transport.Flow!.Runs
                       where run.IsRefused
                       group run by $"{Figures.NameOf(transport)}, {run.Phase}: {run.Because ?? "the generator was the bottleneck"}" into same
                       select $"{same.Key} ({same.Count()} of the runs)").ToArray();
        if (refused.Length == 0) return;
        Line("<p class=\"instead\">Refused, and nowhere in the figures:</p>");
        List(refused);
    }

    private void Life()
    {
        if (_comparison.Transports.All(transport => transport.Flow is null)) return;
        Line("<section><h2>An order's life</h2>");
        Picture("Where the time goes", "The mean order, from when it was meant to be sent until its end was told, all its hops together.", ComparisonCharts.Life(_comparison), "no stages were measured.");
        Table(ComparisonTables.Stages(_comparison));
        Stated();
        Line("</section>");
    }

    private void Cost()
    {
        if (_comparison.Transports.All(transport => transport.Flow is null)) return;
        Line("<section><h2>What an order costs</h2>");
        Picture("Processor time per order", "By process, at the load that is named. The lab, which offers the load, is left out.", ComparisonCharts.Processes(_comparison), "processor time could not be read.");
        Table(ComparisonTables.Processes(_comparison));
        Table(ComparisonTables.Databases(_comparison));
        Stated();
        Line("</section>");
    }

    private void Recovery()
    {
        var table = ComparisonTables.Recovery(_comparison);
        if (table.IsEmpty) return;
        Line("<section><h2>Recovery</h2>");
        Picture("The broker killed under load", "kill -9, and started again by the host.", ComparisonCharts.Recovery(_comparison), "no restart was measured.");
        Table(table);
        Stated();
        Line("</section>");
    }

    private void Lane()
    {
        if (_comparison.Transports.All(transport => transport.Lane.Count == 0)) return;
        Line("<section><h2>The transports alone</h2>");
        Line("<p>No services and no database: messages through the port, and beside it through the broker's own client, which is what the port costs.</p>");
        Line("<div class=\"pictures\">");
        foreach (var (scenario, picture) in ComparisonCharts.Throughput(_comparison)) Picture(scenario, "As many messages per second as it takes; pale: the broker's own client.", picture, "");
        Line("</div>");
        Table(ComparisonTables.Throughput(_comparison));
        Line("<div class=\"pictures\">");
        foreach (var (name, picture) in ComparisonCharts.Steady(_comparison)) Picture($"steady, {name}", "From when a message was meant to be sent until its handler had it; broken line: the broker's own client.", picture, "");
        Line("</div>");
        Table(ComparisonTables.Steady(_comparison));
        Stated();
        Line("</section>");
    }

    private void Everything()
    {
        var runs = ComparisonTables.Runs(_comparison);
        if (runs.IsEmpty) return;
        Line("<section><h2>Everything</h2><details><summary>Every run of the flow as a table</summary>");
        Table(runs);
        Stated();
        Line("</details></section>");
    }

    /// <summary>A picture, or a sentence where there is nothing to draw.</summary>
    private void Picture(string heading, string explanation, string? picture, string otherwise) => Line(picture is null
        ? $"""<p class="muted"><strong>{HtmlText.Of(heading)}</strong>: {HtmlText.Of(otherwise)}</p>"""
        : $"""<figure><figcaption class="muted"><strong>{HtmlText.Of(heading)}</strong>{HtmlText.Of(explanation)}</figcaption>{picture}</figure>""");

    private void Stated() => Line($"""
        <p class="conditions">{string.Concat(Conditions.Of(_comparison).Select(line => $"<span>{HtmlText.Of(line)}</span>"))}</p>
        """);
}
