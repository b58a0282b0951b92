using System.Globalization;
using System.Text;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>
/// A picture under way. It is as wide as a phone, so that its text stays readable there, and grows on a wide screen. No coordinate
/// of it is ever anything but a number.
/// </summary>
/// <param name="id">Tells its title and description from those of other pictures.</param>
/// <param name="title">Its accessible name.</param>
/// <param name="description">What it shows, in words.</param>
internal sealed class Svg(string id, string title, string description)
{
    /// <summary>How wide a picture is, in its own units.</summary>
    public const double Width = 400;

    /// <summary>How wide a letter is, on the safe side.</summary>
    public const double Letter = 6.7;

    private const double LeastLetter = 5.6;
    private const double SwatchWidth = 26;
    private const double LegendLine = 18;

    private readonly StringBuilder _content = new();

    /// <summary>Writes some text.</summary>
    public void Text(double x, double y, string text, string style, string anchor = "start") =>
        Append($"""<text class="{style}" x="{N(x)}" y="{N(y)}" text-anchor="{anchor}">{HtmlText.Of(anchor == "start" ? Cut(text, Width - x) : text)}</text>""");

    /// <summary>Draws a straight line.</summary>
    public void Line(double x1, double y1, double x2, double y2, string style) =>
        Append($"""<line class="{style}" x1="{N(x1)}" y1="{N(y1)}" x2="{N(x2)}" y2="{N(y2)}"/>""");

    /// <summary>Draws a box, with what it is for whoever points at it.</summary>
    public void Box(double x, double y, double width, double height, string style, string? tip = null)
    {
        var box = $"""<rect class="{style}" x="{N(x)}" y="{N(y)}" width="{N(Math.Max(0, width))}" height="{N(height)}" """;
        Append(tip is null ? $"{box}/>" : $"{box}><title>{HtmlText.Of(tip)}</title></rect>");
    }

    /// <summary>Draws a line through points.</summary>
    public void Path(IReadOnlyList<(double X, double Y)> points, string style)
    {
        if (points.Count < 2) return;
        var path = new StringBuilder();
        foreach (var (x, y) in points) path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? 'M' : 'L')}{N(x)} {N(y)}");
        Append($"""<path class="{style}" d="{path}"/>""");
    }

    /// <summary>Draws a round or a square mark.</summary>
    public void Mark(double x, double y, bool isSquare, string style, string? tip = null)
    {
        var within = tip is null ? "" : $"<title>{HtmlText.Of(tip)}</title>";
        Append(isSquare
            ? $"""<rect class="{style}" x="{N(x - 3.5)}" y="{N(y - 3.5)}" width="7" height="7">{within}</rect>"""
            : $"""<circle class="{style}" cx="{N(x)}" cy="{N(y)}" r="4">{within}</circle>""");
    }

    /// <summary>Draws a legend as wide as the picture, in as many lines as it needs, and tells where it ends.</summary>
    /// <param name="top">Where it begins.</param>
    /// <param name="entries">The names, and what draws the sample left of one.</param>
    public double Legend(double top, IEnumerable<(string Name, string Style, Action<double, double> Sample)> entries)
    {
        var (x, y) = (4.0, top + LegendLine);
        foreach (var (name, style, sample) in entries)
        {
            var width = SwatchWidth + (name.Length * Letter) + 12;
            if (x > 4 && x + width > Width)
            {
                x = 4;
                y += LegendLine;
            }

            sample(x, y - 4);
            Text(x + SwatchWidth, y, name, $"legend {style}");
            x += width;
        }

        return y + 6;
    }

    /// <summary>The picture.</summary>
    public string Close(double height) => $"""
        <svg viewBox="0 0 {N(Width)} {N(height)}" role="img" aria-labelledby="{id}-title {id}-desc" xmlns="http://www.w3.org/2000/svg">
        <title id="{id}-title">{HtmlText.Of(title)}</title>
        <desc id="{id}-desc">{HtmlText.Of(description)}</desc>
        {_content}</svg>
        """;

    // A name that runs out of the picture is no name: the tables have it whole.
    private static string Cut(string text, double room)
    {
        var letters = Math.Max(1, (int)(room / LeastLetter));
        return text.Length <= letters ? text : $"{text[..(letters - 1)]}…";
    }

    private static string N(double number) => HtmlText.Of(double.IsFinite(number) ? number : 0, "0.##");

    private void Append(string element) => _content.AppendLine(element);
}
