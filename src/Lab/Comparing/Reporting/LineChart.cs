namespace Lab.Comparing.Reporting;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What the legend calls it.</param>
/// <param name="Place">The place of its transport among the transports: its colour and its mark.</param>
/// <param name="Points">Its points, in the order in which they are joined.</param>
internal sealed record Series(string Name, int Place, IReadOnlyList<SeriesPoint> Points)
{
    /// <summary>Whether the line is broken: the second of two lines of one transport.</summary>
    public bool IsDashed { get; init; }

    /// <summary>Whether its points are marked.</summary>
    public bool HasMarks { get; init; }

    /// <summary>Whether it tells of an embedded broker.</summary>
    public bool IsEmbedded { get; init; }

    /// <summary>The classes that give it its colour.</summary>
    public string Style => $"t{Place % 2}{(IsDashed ? " dashed" : "")}{(IsEmbedded ? " embedded" : "")}";
}

/// <summary>A point of a line.</summary>
/// <param name="X">Along.</param>
/// <param name="Y">Up.</param>
/// <param name="IsHollow">Whether its mark is empty.</param>
/// <param name="Tip">What it is, for whoever points at it.</param>
internal sealed record SeriesPoint(double X, double Y, bool IsHollow = false, string? Tip = null);

/// <summary>Draws lines over two axes, with their legend below.</summary>
internal static class LineChart
{
    private const double Left = 50;
    private const double Right = 14;
    private const double Top = 30;
    private const double Height = 230;

    private const double PlotWidth = Svg.Width - Left - Right;

    /// <summary>The picture; null when no line has a point.</summary>
    public static string? Of(string id, string title, string description, Axis x, Axis y, IReadOnlyList<Series> series)
    {
        var drawn = series.Select(line => line with { Points = [.. line.Points.Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y) && point.Y > 0)] })
            .Where(line => line.Points.Count > 0).ToArray();
        if (drawn.Length == 0) return null;
        var svg = new Svg(id, title, description);
        DrawAxes(svg, x, y);
        // Those that count are drawn last, above the others.
        foreach (var line in drawn.OrderByDescending(line => line.IsEmbedded)) Draw(svg, line, x, y);
        var bottom = svg.Legend(Top + Height + 42, drawn.Select(line => (line.Name, line.IsEmbedded ? "embedded" : "", Sample(svg, line))));
        return svg.Close(bottom);
    }

    private static void DrawAxes(Svg svg, Axis x, Axis y)
    {
        svg.Text(4, 14, y.Title, "panel");
        foreach (var (value, label) in y.Ticks)
        {
            var at = Y(y, value);
            svg.Line(Left, at, Left + PlotWidth, at, "grid");
            svg.Text(Left - 6, at + 4, label, "axis", "end");
        }

        foreach (var (value, label) in x.Ticks)
        {
            var at = X(x, value);
            svg.Line(at, Top + Height, at, Top + Height + 5, "tick");
            svg.Text(at, Top + Height + 18, label, "axis", "middle");
        }

        svg.Line(Left, Top + Height, Left + PlotWidth, Top + Height, "tick");
        svg.Text(Left + PlotWidth, Top + Height + 36, x.Title, "panel", "end");
    }

    private static void Draw(Svg svg, Series line, Axis x, Axis y)
    {
        svg.Path([.. line.Points.Select(point => (X(x, point.X), Y(y, point.Y)))], $"curve {line.Style}");
        // A single value is a mark, for it makes no line.
        if (!line.HasMarks && line.Points.Count > 1) return;
        foreach (var point in line.Points)
            svg.Mark(X(x, point.X), Y(y, point.Y), line.Place % 2 == 1, $"mark {line.Style}{(point.IsHollow ? " hollow" : "")}", point.Tip);
    }

    private static Action<double, double> Sample(Svg svg, Series line) => (x, y) =>
    {
        svg.Path([(x, y), (x + 20, y)], $"curve {line.Style}");
        if (line.HasMarks) svg.Mark(x + 10, y, line.Place % 2 == 1, $"mark {line.Style}");
    };

    private static double X(Axis axis, double value) => Left + (axis.At(value) * PlotWidth);

    private static double Y(Axis axis, double value) => Top + Height - (axis.At(value) * Height);
}
