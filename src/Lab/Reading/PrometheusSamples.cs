using System.Globalization;
using System.Text.RegularExpressions;

namespace Lab.Reading;

/// <summary>One line of what a service tells at <c>/metrics</c>.</summary>
/// <param name="Metric">The name, with its suffix such as <c>_sum</c>.</param>
/// <param name="Labels">Name to value.</param>
/// <param name="Value">The value.</param>
internal sealed record PrometheusSample(string Metric, IReadOnlyDictionary<string, string> Labels, double Value);

/// <summary>Reads Prometheus' text format.</summary>
internal static partial class PrometheusSamples
{
    /// <summary>The samples of a text whose name begins with <paramref name="prefix"/>; comments and others are passed over.</summary>
    public static IEnumerable<PrometheusSample> Parse(string text, string prefix)
    {
        foreach (Match sample in Sample().Matches(text))
        {
            if (!sample.Groups["metric"].Value.StartsWith(prefix, StringComparison.Ordinal)) continue;
            var labels = Label().Matches(sample.Groups["labels"].Value)
                .ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value, StringComparer.Ordinal);
            yield return new PrometheusSample(
                sample.Groups["metric"].Value, labels, double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex(@"^(?<metric>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?<labels>[^\n]*)\})? (?<value>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 5_000)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>\w+)="(?<value>(\\.|[^"\\])*)"(,|$)""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Label();
}
