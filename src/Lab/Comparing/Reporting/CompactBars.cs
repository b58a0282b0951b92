namespace Lab.Comparing.Reporting;

/// <summary>Draws many bars in little room: a line each, its name left of it, those that belong together under one heading.</summary>
internal static class CompactBars
{
    private const double Left = 122;
    private const double LineHeight = 19;
    private const double HeadingHeight = 26;
    private const double LabelRoom = 72;
    private const double PlotWidth = Svg.Width - Left - LabelRoom;

    /// <summary>The picture; null when there is no bar.</summary>
    /// <param name="id">Tells it from other pictures.</param>
    /// <param name="title">Its accessible name.</param>
    /// <param name="axisTitle">What the bars show, with the unit.</param>
    /// <param name="bars">The bars, of one part each.</param>
    public static string? Of(string id, string title, string axisTitle, IReadOnlyList<Bar> bars)
    {
        var drawn = bars.Where(bar => double.IsFinite(bar.Length) && bar.Length >= 0).ToArray();
        if (drawn.Length == 0) return null;
        var axis = Axis.Linear(axisTitle, drawn.Select(bar => bar.Length));
        var svg = new Svg(id, title, $"{axisTitle}. {string.Join("; ", drawn.Select(bar => $"{(bar.Group is null ? "" : $"{bar.Group}: ")}{bar.Name} {Figures.Of(bar.Length)}"))}.");
        var height = drawn.Sum(bar => LineHeight + (bar.Group is null ? 0 : HeadingHeight)) + 6;
        foreach (var (value, label) in axis.Ticks)
        {
            var x = Left + (axis.At(value) * PlotWidth);
            svg.Line(x, HeadingHeight, x, height + 5, "grid");
            svg.Text(x, height + 18, label, "axis", "middle");
        }

        svg.Text(Svg.Width, height + 34, axisTitle, "panel", "end");
        var y = 0.0;
        foreach (var bar in drawn) y = Draw(svg, axis, bar, y);
        var marks = drawn.Where(bar => bar.IsEmbedded).Take(1)
            .Select(bar => ($"{bar.Name.Split(',')[0]}: embedded, {Figures.EmbeddedMark}", "embedded", (Action<double, double>)((x, at) => svg.Box(x, at - 6, 18, 12, $"{bar.Parts[0].Style} embedded"))));
        return svg.Close(svg.Legend(height + 34, marks) + 4);
    }

    private static double Draw(Svg svg, Axis axis, Bar bar, double y)
    {
        if (bar.Group is { } group)
        {
            svg.Text(4, y + 18, group, "panel");
            y += HeadingHeight;
        }

        var width = axis.At(bar.Length) * PlotWidth;
        var style = bar.IsEmbedded ? " embedded" : "";
        svg.Text(Left - 6, y + 13, bar.Name, $"barname{style}", "end");
        svg.Box(Left, y + 2, width, LineHeight - 5, $"{bar.Parts[0].Style}{style}", $"{bar.Name}: {Figures.Of(bar.Length)} {axis.Title}{(bar.IsEmbedded ? $", {Figures.EmbeddedMark}" : "")}");
        svg.Text(Left + width + 5, y + 13, Figures.Of(bar.Length), $"total{style}");
        return y + LineHeight;
    }
}
