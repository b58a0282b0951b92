using System.Globalization;
using System.Text;
using Lab.Faults;
using Lab.Proving;

namespace Lab.Reporting;

/// <summary>
/// Draws a run as one SVG picture: faults above, as bars on lanes, and under them, over the same seconds, how many orders were sent,
/// accepted and ended, how many were open, and how long they took.
/// </summary>
internal sealed partial class ProofChart
{
    private const int Left = 92;
    private const int RightMargin = 16;
    private const int LaneHeight = 22;
    private const int FontWidth = 7;
    private const int PanelHeight = 150;
    private const int SmallPanelHeight = 70;
    private const int PanelGap = 46;

    private readonly ProofReport _report;
    private readonly double _seconds;
    private readonly double _plotWidth;
    private readonly StringBuilder _svg = new();
    private double _y;

    private ProofChart(ProofReport report)
    {
        _report = report;
        _seconds = Math.Max(1, Math.Max(report.LoadSeconds, report.Timeline.Count == 0 ? 0 : report.Timeline[^1].Second + 1));
        foreach (var fault in report.Faults) _seconds = Math.Max(_seconds, End(fault));
        _plotWidth = Math.Clamp(_seconds * 7, 880, 6_000);
    }

    private double Width => Left + _plotWidth + RightMargin;

    /// <summary>The picture of a run.</summary>
    public static string Of(ProofReport report) => new ProofChart(report).Draw();

    private string Draw()
    {
        var lanes = FaultLane.Pack(_report.Faults, Room);
        _y = 24;
        var top = _y;
        DrawLanes(lanes);
        var bottomOfLanes = _y;
        var throughput = new Panel(this, "orders per second", PanelHeight);
        var peak = _report.Timeline.Count == 0 ? 1 : _report.Timeline.Max(second => Math.Max(second.Sent, Math.Max(second.Accepted, second.Ended)));
        throughput.Linear(ChartScale.NiceCeiling(peak));
        throughput.Steps("sent", second => second.Sent);
        throughput.Line("accepted", second => second.Accepted);
        throughput.Line("ended", second => second.Ended);
        throughput.Close();

        var open = new Panel(this, "orders open", SmallPanelHeight);
        open.Linear(ChartScale.NiceCeiling(_report.Timeline.Count == 0 ? 1 : _report.Timeline.Max(second => second.Open)));
        open.Area("open", second => second.Open);
        open.Close();

        var latency = new Panel(this, "milliseconds from due to ended, log scale", PanelHeight);
        latency.Logarithmic(ChartScale.Decades([.. _report.Timeline.SelectMany(second => new[] { second.P50Milliseconds, second.P99Milliseconds }).OfType<double>()]));
        latency.Line("p50", second => second.P50Milliseconds);
        latency.Line("p99", second => second.P99Milliseconds);
        latency.Close();

        DrawTimeAxis();
        var shades = Shades(top, _y - 34, bottomOfLanes);
        return $"""
            <svg viewBox="0 0 {N(Width)} {N(_y)}" width="{N(Width)}" height="{N(_y)}" role="img" aria-labelledby="chart-title chart-desc" xmlns="http://www.w3.org/2000/svg">
            <title id="chart-title">Faults, throughput and latency over time</title>
            <desc id="chart-desc">{HtmlText.Of(Describe())}</desc>
            {shades}
            {_svg}
            </svg>
            """;
    }

    private string Describe()
    {
        var ended = _report.Timeline.Sum(second => second.Ended);
        var worst = _report.Timeline.MaxBy(second => second.P99Milliseconds ?? 0);
        return string.Create(CultureInfo.InvariantCulture,
            $"{_seconds:0} seconds. {_report.Faults.Count} faults as bars on lanes by what they struck. Below, per second: {_report.Rate} orders were due, {ended} ended in all, at most {_report.Timeline.Select(second => second.Open).DefaultIfEmpty().Max()} were open. Latency p99 was highest in second {worst?.Second ?? 0}: {worst?.P99Milliseconds ?? 0:0} ms. The same numbers are in the table below.");
    }

    private void DrawLanes(IReadOnlyList<FaultLane> lanes)
    {
        Text(4, 14, "faults", "panel", "start");
        foreach (var area in lanes.GroupBy(lane => lane.Area))
        {
            Text(Left - 8, _y + LaneHeight / 2.0 + 4, NameOf(area.Key), $"lane area-{NameOf(area.Key)}", "end");
            foreach (var lane in area)
            {
                foreach (var fault in lane.Faults) DrawFault(fault);
                _y += LaneHeight;
            }

            _svg.AppendLine(CultureInfo.InvariantCulture, $"""<line class="grid" x1="{Left}" x2="{N(Left + _plotWidth)}" y1="{N(_y + 1)}" y2="{N(_y + 1)}"/>""");
            _y += 4;
        }

        if (lanes.Count == 0)
        {
            Text(Left, _y + 14, "none struck", "label", "start");
            _y += LaneHeight;
        }
    }

    private void DrawFault(StruckFault fault)
    {
        var (from, to) = (X(Start(fault)), X(End(fault)));
        var width = Math.Max(4, to - from);
        var recovered = X(Recovered(fault)) - (from + width);
        var failed = fault.Failure is null ? "" : " failed";
        var (x, anchor) = LabelAt(fault);
        _svg.AppendLine(CultureInfo.InvariantCulture, $"""
            <g class="fault area-{NameOf(fault.Area)}{failed}"><title>{HtmlText.Of(FaultText.Of(fault, _report.Began))}</title>
            <rect x="{N(from)}" y="{N(_y + 4)}" width="{N(width)}" height="{LaneHeight - 8}" rx="2"/>
            """);
        if (recovered > 0)
            _svg.AppendLine(CultureInfo.InvariantCulture, $"""<rect class="recovery" x="{N(from + width)}" y="{N(_y + 9)}" width="{N(recovered)}" height="4"/>""");
        Text(x, _y + 15, LabelOf(fault), "label", anchor);
        _svg.AppendLine("</g>");
    }

    /// <summary>A band over the charts for each fault: what happened below it happened meanwhile.</summary>
    private string Shades(double top, double bottom, double from)
    {
        var bands = new StringBuilder();
        foreach (var fault in _report.Faults.Where(fault => fault.Failure is null))
        {
            bands.AppendLine(CultureInfo.InvariantCulture,
                $"""<rect class="shade area-{NameOf(fault.Area)}" x="{N(X(Start(fault)))}" y="{N(from)}" width="{N(Math.Max(2, X(End(fault)) - X(Start(fault))))}" height="{N(bottom - from)}"/>""");
        }

        var end = X(_report.LoadSeconds);
        bands.AppendLine(CultureInfo.InvariantCulture, $"""<line class="over" x1="{N(end)}" x2="{N(end)}" y1="{N(top)}" y2="{N(bottom)}"/>""");
        return bands.ToString();
    }

    private void DrawTimeAxis()
    {
        var step = ChartScale.SecondsStep(_seconds, (int)(_plotWidth / 60));
        for (var second = 0; second <= _seconds; second += step)
        {
            _svg.AppendLine(CultureInfo.InvariantCulture, $"""<line class="tick" x1="{N(X(second))}" x2="{N(X(second))}" y1="{N(_y)}" y2="{N(_y + 5)}"/>""");
            Text(X(second), _y + 18, HtmlText.Of(second), "axis", "middle");
        }

        Text(Left - 8, _y + 18, "seconds", "axis", "end");
        if (X(_report.LoadSeconds) < Left + _plotWidth - 40) Text(X(_report.LoadSeconds) + 4, _y + 31, "load over", "axis", "start");
        _y += 34;
    }

    private (double From, double To) Room(StruckFault fault)
    {
        var label = LabelOf(fault).Length * FontWidth + 8;
        var (x, anchor) = LabelAt(fault);
        var (from, to) = (X(Start(fault)), X(Recovered(fault)));
        return anchor == "start" ? (from - 4, Math.Max(to, x + label)) : (x - label, to + 4);
    }

    // Right of the bar, or left of it where the picture ends.
    private (double X, string Anchor) LabelAt(StruckFault fault)
    {
        var behind = Math.Max(X(Recovered(fault)), X(Start(fault)) + 4) + 4;
        return behind + (LabelOf(fault).Length * FontWidth) <= Left + _plotWidth ? (behind, "start") : (X(Start(fault)) - 4, "end");
    }

    private static string LabelOf(StruckFault fault) => fault.Failure is null ? $"{fault.Name} {fault.Target}" : $"✗ {fault.Name} {fault.Target}";

    private double Start(StruckFault fault) => Math.Max(0, (fault.Began - _report.Began).TotalSeconds);

    private double End(StruckFault fault) => Math.Max(Start(fault), (fault.Healed - _report.Began).TotalSeconds);

    private double Recovered(StruckFault fault) =>
        fault.Failure is null ? Math.Min(_seconds, End(fault) + (fault.RecoverySeconds ?? 0)) : End(fault);

    private double X(double second) => Left + (second / _seconds * _plotWidth);

    private void Text(double x, double y, string text, string style, string anchor) =>
        _svg.AppendLine(CultureInfo.InvariantCulture, $"""<text class="{style}" x="{N(x)}" y="{N(y)}" text-anchor="{anchor}">{HtmlText.Of(text)}</text>""");

    private static string NameOf(FaultArea area) => area.ToString().ToLowerInvariant();

    private static string N(double number) => HtmlText.Of(number);
}
