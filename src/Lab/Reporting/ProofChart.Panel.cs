using System.Globalization;
using System.Text;
using Lab.Proving;

namespace Lab.Reporting;

/// <content>The charts below the faults.</content>
internal sealed partial class ProofChart
{
    /// <summary>One chart of the picture, with its own vertical axis.</summary>
    private sealed class Panel
    {
        private readonly ProofChart _chart;
        private readonly double _top;
        private readonly double _height;
        private double _legendAt;
        private Func<double, double> _y = _ => 0;

        public Panel(ProofChart chart, string title, double height)
        {
            (_chart, _top, _height) = (chart, chart._y + PanelGap, height);
            chart.Text(4, _top - 12, title, "panel", "start");
            _legendAt = Math.Max(Left + 8, 4 + (title.Length * (FontWidth + 0.6)) + 20);
        }

        public void Linear(double most)
        {
            _y = value => _top + _height - (Math.Min(value, most) / most * _height);
            var lines = _height >= PanelHeight ? 5 : 2;
            for (var line = 0; line <= lines; line++) Tick(most * line / lines, HtmlText.Of(most * line / lines, "#,0.##"));
        }

        public void Logarithmic((int Lowest, int Highest) decades)
        {
            var (lowest, highest) = decades;
            _y = value => _top + _height - ((Math.Log10(Math.Max(value, Math.Pow(10, lowest))) - lowest) / (highest - lowest) * _height);
            for (var power = lowest; power <= highest; power++) Tick(Math.Pow(10, power), HtmlText.Of(Math.Pow(10, power), "#,0.##"));
        }

        public void Steps(string name, Func<SecondOfRun, double?> value)
        {
            var path = new StringBuilder();
            foreach (var second in _chart._report.Timeline)
            {
                var y = N(_y(value(second) ?? 0));
                path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{N(_chart.X(second.Second))} {y}L{N(_chart.X(second.Second + 1))} {y}");
            }

            Draw(name, path.ToString(), value);
        }

        public void Line(string name, Func<SecondOfRun, double?> value)
        {
            var path = new StringBuilder();
            var isOpen = false;
            foreach (var second in _chart._report.Timeline)
            {
                if (value(second) is not { } number)
                {
                    isOpen = false;
                    continue;
                }

                path.Append(CultureInfo.InvariantCulture, $"{(isOpen ? 'L' : 'M')}{N(_chart.X(second.Second + 0.5))} {N(_y(number))}");
                if (!isOpen) path.Append("h0.1"); // A single value is a dot.
                isOpen = true;
            }

            Draw(name, path.ToString(), value);
        }

        public void Area(string name, Func<SecondOfRun, double?> value)
        {
            if (_chart._report.Timeline.Count > 0)
            {
                var path = new StringBuilder();
                path.Append(CultureInfo.InvariantCulture, $"M{N(_chart.X(0))} {N(_y(0))}");
                foreach (var second in _chart._report.Timeline) path.Append(CultureInfo.InvariantCulture, $"L{N(_chart.X(second.Second + 0.5))} {N(_y(value(second) ?? 0))}");
                path.Append(CultureInfo.InvariantCulture, $"L{N(_chart.X(_chart._report.Timeline[^1].Second + 1))} {N(_y(0))}Z");
                _chart._svg.AppendLine(CultureInfo.InvariantCulture, $"""<path class="under {name}" d="{path}"/>""");
            }

            Line(name, value);
        }

        /// <summary>What each second was, for whoever points at it.</summary>
        public void Close()
        {
            foreach (var second in _chart._report.Timeline)
            {
                var (from, to) = (_chart.X(second.Second), _chart.X(second.Second + 1));
                _chart._svg.AppendLine(CultureInfo.InvariantCulture,
                    $"""<rect class="second" x="{N(from)}" y="{N(_top)}" width="{N(to - from)}" height="{N(_height)}"><title>{HtmlText.Of(TextOf(second))}</title></rect>""");
            }

            _chart._y = _top + _height;
        }

        private static string TextOf(SecondOfRun second) => string.Create(CultureInfo.InvariantCulture,
            $"second {second.Second}: {second.Sent} sent, {second.Accepted} accepted, {second.Ended} ended, {second.Open} open, p50 {second.P50Milliseconds ?? double.NaN:0} ms, p99 {second.P99Milliseconds ?? double.NaN:0} ms")
            .Replace("NaN ms", "-", StringComparison.Ordinal);

        private void Draw(string name, string path, Func<SecondOfRun, double?> value)
        {
            if (path.Length > 0) _chart._svg.AppendLine(CultureInfo.InvariantCulture, $"""<path class="line {name}" d="{path}"/>""");
            var peak = _chart._report.Timeline.Select(value).OfType<double>().DefaultIfEmpty().Max();
            var label = $"{name}, at most {HtmlText.Of(peak, "#,0.#")}";
            _chart._svg.AppendLine(CultureInfo.InvariantCulture, $"""<path class="line {name}" d="M{N(_legendAt)} {N(_top - 16)}h18"/>""");
            _chart.Text(_legendAt + 24, _top - 12, label, "legend", "start");
            _legendAt += 24 + (label.Length * FontWidth) + 18;
        }

        private void Tick(double value, string text)
        {
            _chart._svg.AppendLine(CultureInfo.InvariantCulture,
                $"""<line class="grid" x1="{Left}" x2="{N(Left + _chart._plotWidth)}" y1="{N(_y(value))}" y2="{N(_y(value))}"/>""");
            _chart.Text(Left - 8, _y(value) + 4, text, "axis", "end");
        }
    }
}
