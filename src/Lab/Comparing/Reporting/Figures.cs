using Lab.Comparing.Results;
using Lab.Reporting;

namespace Lab.Comparing.Reporting;

/// <summary>Writes figures and names the same way wherever a comparison is told.</summary>
internal static class Figures
{
    /// <summary>Stands beside every figure of an embedded broker.</summary>
    public const string EmbeddedMark = "function only, not comparable";

    /// <summary>Where there is no figure.</summary>
    public const string None = "-";

    /// <summary>A figure with about three digits that count.</summary>
    public static string Of(double? value) =>
        value is { } number && double.IsFinite(number) ? HtmlText.Of(number, FormatOf(Math.Abs(number))) : None;

    /// <summary>How many times one thing is another.</summary>
    public static string Ratio(double? value) =>
        value is { } number && double.IsFinite(number) ? HtmlText.Of(number, number >= 10 ? "#,0" : "0.0#") : None;

    /// <summary>A share of a whole.</summary>
    public static string Percent(double share) => double.IsFinite(share) ? $"{HtmlText.Of(share * 100, "0")} %" : None;

    /// <summary>The median, and from where to where the repeats went.</summary>
    public static string Of(Spread? spread) => spread switch
    {
        null => None,
        _ when Of(spread.Least) == Of(spread.Most) => Of(spread.Median),
        _ => $"{Of(spread.Median)} ({Of(spread.Least)}–{Of(spread.Most)})",
    };

    /// <summary>What a transport is called.</summary>
    public static string NameOf(TransportResult transport) => transport.Transport switch
    {
        "jetstream" => "JetStream",
        "kafka" => "Kafka",
        var other => other,
    };

    /// <summary>The same, with the mark where the broker is embedded.</summary>
    public static string Marked(TransportResult transport) =>
        transport.IsComparable ? NameOf(transport) : $"{NameOf(transport)} ({EmbeddedMark})";

    /// <summary>Some things in one line: a, b and c.</summary>
    public static string Joined(IReadOnlyList<string> parts) => parts switch
    {
        [] => "",
        [var only] => only,
        _ => $"{string.Join(", ", parts.SkipLast(1))} and {parts[^1]}",
    };

    private static string FormatOf(double size) => size switch { >= 99.95 => "#,0", >= 9.995 => "0.#", _ => "0.##" };
}
