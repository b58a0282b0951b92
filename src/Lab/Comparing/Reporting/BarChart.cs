namespace Lab.Comparing.Reporting;

/// <summary>A bar, and of what it is made.</summary>
/// <param name="Name">What stands above it.</param>
/// <param name="Parts">Its parts, from left to right.</param>
internal sealed record Bar(string Name, IReadOnlyList<BarPart> Parts)
{
    /// <summary>Whether it tells of an embedded broker.</summary>
    public bool IsEmbedded { get; init; }

    /// <summary>Of several bars that belong together, what stands above the first; null for the others.</summary>
    public string? Group { get; init; }

    /// <summary>What stands behind it in place of its length; null for the length.</summary>
    public string? Label { get; init; }

    /// <summary>How long it is.</summary>
    public double Length => Parts.Sum(part => part.Value);
}

/// <summary>A part of a bar.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Value">How long it is.</param>
/// <param name="Style">The class that gives it its colour.</param>
internal sealed record BarPart(string Name, double Value, string Style);

/// <summary>Draws bars that lie above each other, each with its name and its length, and the legend of their parts below.</summary>
internal static class BarChart
{
    private const double Left = 4;
    private const double BarHeight = 20;
    private const double LabelRoom = 96;
    private const double PlotWidth = Svg.Width - Left - LabelRoom;

    /// <summary>The picture; null when there is no bar.</summary>
    /// <param name="id">Tells it from other pictures.</param>
    /// <param name="title">Its accessible name.</param>
    /// <param name="axisTitle">What the bars show, with the unit.</param>
    /// <param name="unit">The unit behind a bar.</param>
    /// <param name="bars">The bars.</param>
    /// <param name="hasLegend">Whether the parts need a legend.</param>
    public static string? Of(string id, string title, string axisTitle, string unit, IReadOnlyList<Bar> bars, bool hasLegend = true)
    {
        var drawn = bars.Select(bar => bar with { Parts = [.. bar.Parts.Where(part => double.IsFinite(part.Value) && part.Value >= 0)] }).Where(bar => bar.Parts.Count > 0).ToArray();
        if (drawn.Length == 0) return null;
        var axis = Axis.Linear(axisTitle, drawn.Select(bar => bar.Length));
        var svg = new Svg(id, title, $"{axisTitle}. {string.Join("; ", drawn.Select(bar => $"{(bar.Group is null ? "" : $"{bar.Group}, ")}{bar.Name}: {LabelOf(bar, unit)}"))}.");
        var y = 4.0;
        var height = drawn.Sum(bar => HeightOf(bar)) + 4;
        DrawTicks(svg, axis, height);
        foreach (var bar in drawn)
        {
            Draw(svg, axis, bar, y, unit);
            y += HeightOf(bar);
        }

        y += 40;
        var parts = drawn.SelectMany(bar => bar.Parts).DistinctBy(part => part.Name, StringComparer.Ordinal);
        if (hasLegend) y = svg.Legend(y, parts.Select(part => (part.Name, "", Sample(svg, part))));
        return svg.Close(y + 4);
    }

    private static void DrawTicks(Svg svg, Axis axis, double height)
    {
        foreach (var (value, label) in axis.Ticks)
        {
            var x = Left + (axis.At(value) * PlotWidth);
            svg.Line(x, 4, x, height + 5, "grid");
            svg.Text(x, height + 18, label, "axis", value == 0 ? "start" : "middle");
        }

        svg.Text(Left, height + 36, axis.Title, "panel");
    }

    private static void Draw(Svg svg, Axis axis, Bar bar, double y, string unit)
    {
        if (bar.Group is { } group)
        {
            svg.Text(Left, y + 16, group, "panel");
            y += 22;
        }

        svg.Text(Left, y + 13, bar.Name, bar.IsEmbedded ? "barname embedded" : "barname");
        var (x, from) = (Left, 0.0);
        foreach (var part in bar.Parts)
        {
            var width = (axis.At(from + part.Value) - axis.At(from)) * PlotWidth;
            svg.Box(x, y + 18, width, BarHeight, $"{part.Style}{(bar.IsEmbedded ? " embedded" : "")}", $"{bar.Name}, {part.Name}: {Figures.Of(part.Value)} {unit}");
            var text = Figures.Of(part.Value);
            if (bar.Parts.Count > 1 && width > (text.Length * Svg.Letter) + 4)
                svg.Text(x + (width / 2), y + 32, text, bar.IsEmbedded ? "within embedded" : "within", "middle");
            (x, from) = (x + width, from + part.Value);
        }

        svg.Text(x + 6, y + 32, LabelOf(bar, unit), bar.IsEmbedded ? "total embedded" : "total");
    }

    private static Action<double, double> Sample(Svg svg, BarPart part) => (x, y) => svg.Box(x, y - 6, 18, 12, part.Style);

    private static string LabelOf(Bar bar, string unit) => bar.Label ?? $"{Figures.Of(bar.Length)} {unit}";

    private static double HeightOf(Bar bar) => 18 + BarHeight + 8 + (bar.Group is null ? 0 : 22);
}
