using Lab.Faults;
using Lab.Proving;

namespace Lab.Reporting;

/// <summary>Draws a run with characters: faults above, throughput and latency below, one column per second or per few of them.</summary>
internal sealed class TextTimeline
{
    private const string Blocks = "▁▂▃▄▅▆▇█";
    private const int LabelWidth = 11;
    private const int LeastColumns = 20;
    private const int MostColumns = 180;

    private readonly ProofReport _report;
    private readonly double _seconds;
    private readonly int _perColumn;
    private readonly int _columns;

    private TextTimeline(ProofReport report, int width)
    {
        _report = report;
        _seconds = Math.Max(1, Math.Max(report.LoadSeconds, report.Timeline.Count == 0 ? 0 : report.Timeline[^1].Second + 1));
        foreach (var fault in report.Faults) _seconds = Math.Max(_seconds, (fault.Healed - report.Began).TotalSeconds);
        var room = Math.Clamp(width - LabelWidth - 2, LeastColumns, MostColumns);
        _perColumn = (int)Math.Ceiling(_seconds / room);
        _columns = (int)Math.Ceiling(_seconds / _perColumn);
    }

    /// <summary>The lines of the picture, none wider than <paramref name="width"/> (but at least 33).</summary>
    public static IReadOnlyList<string> Of(ProofReport report, int width) => [.. new TextTimeline(report, width).Lines()];

    private IEnumerable<string> Lines()
    {
        FaultArea? area = null;
        foreach (var lane in FaultLane.Pack(_report.Faults, Room))
        {
            yield return Row(lane.Area == area ? "" : lane.Area.ToString().ToLowerInvariant(), Draw(lane));
            area = lane.Area;
        }

        yield return Row("sent/s", Bars(second => second.Sent, Average, _report.Timeline.Select(second => (double)second.Sent)));
        yield return Row("ended/s", Bars(second => second.Ended, Average, _report.Timeline.Select(second => (double)Math.Max(second.Sent, second.Ended))));
        yield return Row("open", Bars(second => second.Open, Enumerable.Max, _report.Timeline.Select(second => (double)second.Open)));
        yield return Row("p50 ms", Latency(second => second.P50Milliseconds));
        yield return Row("p99 ms", Latency(second => second.P99Milliseconds));
        foreach (var line in Axis()) yield return line;
    }

    private string Draw(FaultLane lane)
    {
        var row = new char[_columns];
        Array.Fill(row, ' ');
        foreach (var fault in lane.Faults)
        {
            var (from, to) = Bar(fault);
            Array.Fill(row, fault.Failure is null ? '█' : '░', from, to - from);
            var label = LabelOf(fault);
            label.CopyTo(0, row, LabelAt(fault), Math.Min(label.Length, _columns - LabelAt(fault)));
        }

        return new string(row).TrimEnd();
    }

    private (double From, double To) Room(StruckFault fault)
    {
        var (from, to) = Bar(fault);
        var label = LabelAt(fault);
        return (Math.Min(from, label), Math.Max(to, label + LabelOf(fault).Length) + 1);
    }

    // Right of the bar, or left of it where the picture ends.
    private int LabelAt(StruckFault fault)
    {
        var (from, to) = Bar(fault);
        return to + 1 + LabelOf(fault).Length <= _columns ? to + 1 : Math.Max(0, from - 1 - LabelOf(fault).Length);
    }

    private (int From, int To) Bar(StruckFault fault)
    {
        var from = Math.Clamp((int)((fault.Began - _report.Began).TotalSeconds / _perColumn), 0, _columns - 1);
        var to = (int)Math.Ceiling((fault.Healed - _report.Began).TotalSeconds / _perColumn);
        return (from, Math.Clamp(to, from + 1, _columns));
    }

    private static string LabelOf(StruckFault fault) => $"{fault.Name} {fault.Target}{(fault.Failure is null ? "" : " (failed)")}";

    private string Bars(Func<SecondOfRun, double> value, Func<IEnumerable<double>, double> ofColumn, IEnumerable<double> scale)
    {
        var most = scale.DefaultIfEmpty().Max();
        var columns = Columns().Select(seconds => seconds.Length == 0 ? 0 : ofColumn(seconds.Select(value)));
        return Block(columns.Select(number => number <= 0 ? (int?)null : Level(number / Math.Max(1, most))), _report.Timeline.Select(value).DefaultIfEmpty().Max());
    }

    // Logarithmic, and the same scale for both lines: one level is a factor.
    private string Latency(Func<SecondOfRun, double?> value)
    {
        var all = _report.Timeline.SelectMany(second => new[] { second.P50Milliseconds, second.P99Milliseconds }).OfType<double>().Where(number => number > 0).ToArray();
        var (least, most) = all.Length == 0 ? (0, 1) : (Math.Log(all.Min()), Math.Log(Math.Max(all.Max(), all.Min() * 2)));
        var columns = Columns().Select(seconds => seconds.Select(value).OfType<double>().Where(number => number > 0).Select(number => (double?)number).Max());
        return Block(columns.Select(number => number is { } ms ? Level((Math.Log(ms) - least) / (most - least)) : (int?)null), _report.Timeline.Select(value).OfType<double>().DefaultIfEmpty().Max());
    }

    private static string Block(IEnumerable<int?> levels, double most) =>
        $"{string.Concat(levels.Select(level => level is { } number ? Blocks[number] : ' ')).TrimEnd()} max {ReportParts.Number(Math.Round(most))}";

    private IEnumerable<string> Axis()
    {
        var step = ChartScale.SecondsStep(_seconds, Math.Max(2, _columns / 8));
        var ticks = new char[_columns + 1];
        var labels = new char[_columns + 8];
        Array.Fill(ticks, '─');
        Array.Fill(labels, ' ');
        for (var second = 0; second / _perColumn < ticks.Length; second += step)
        {
            ticks[second / _perColumn] = '┬';
            var label = second.ToString(System.Globalization.CultureInfo.InvariantCulture);
            if ((second / _perColumn) + label.Length <= _columns + 1) label.CopyTo(0, labels, second / _perColumn, label.Length);
        }

        yield return Row("", new string(ticks, 0, _columns));
        yield return Row("seconds", new string(labels).TrimEnd());
    }

    private IEnumerable<SecondOfRun[]> Columns()
    {
        var byColumn = _report.Timeline.ToLookup(second => second.Second / _perColumn);
        return Enumerable.Range(0, _columns).Select(column => byColumn[column].ToArray());
    }

    private static double Average(IEnumerable<double> values) => values.Average();

    private static int Level(double share) => Math.Clamp((int)Math.Ceiling(share * Blocks.Length) - 1, 0, Blocks.Length - 1);

    private static string Row(string label, string content) => $"{label.PadRight(LabelWidth)}{content}";
}
