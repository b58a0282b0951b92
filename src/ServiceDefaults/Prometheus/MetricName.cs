using System.Diagnostics.Metrics;
using System.Text;

namespace ServiceDefaults.Prometheus;

/// <summary>
/// Names by the Prometheus conventions, as OpenTelemetry maps them: characters outside <c>[a-zA-Z0-9_]</c> become
/// <c>_</c>, the unit is spelled out at the end, a counter ends in <c>_total</c>.
/// </summary>
internal static class MetricName
{
    public static string Of(Instrument instrument, MetricKind kind)
    {
        var name = Sanitize(instrument.Name);
        var unit = Unit(instrument.Unit, kind);
        if (unit.Length > 0 && !name.EndsWith(unit, StringComparison.Ordinal)) name = $"{name}_{unit}";
        return kind is MetricKind.Counter && !name.EndsWith("_total", StringComparison.Ordinal) ? $"{name}_total" : name;
    }

    public static string Sanitize(string name)
    {
        var text = new StringBuilder(name.Length + 1);
        if (name.Length == 0 || char.IsAsciiDigit(name[0])) text.Append('_');
        foreach (var character in name)
        {
            var allowed = char.IsAsciiLetterOrDigit(character) ? character : '_';
            if (allowed != '_' || text.Length == 0 || text[^1] != '_') text.Append(allowed);
        }

        return text.ToString();
    }

    // Units are UCUM: annotations in braces say what is counted and are no unit; "By/s" is bytes_per_second.
    private static string Unit(string? unit, MetricKind kind)
    {
        if (string.IsNullOrEmpty(unit)) return "";
        if (unit == "1") return kind is MetricKind.Gauge ? "ratio" : "";
        var parts = unit.Split('/', 2);
        var counted = parts[0].StartsWith('{') ? "" : Sanitize(Spelled(parts[0]));
        if (parts.Length == 1) return counted;
        var per = Sanitize(Spelled(parts[1].Trim('{', '}'))).TrimEnd('s');
        return counted.Length == 0 ? $"per_{per}" : $"{counted}_per_{per}";
    }

    private static string Spelled(string unit) => unit switch
    {
        "d" => "days",
        "h" => "hours",
        "min" => "minutes",
        "s" => "seconds",
        "ms" => "milliseconds",
        "us" => "microseconds",
        "ns" => "nanoseconds",
        "By" => "bytes",
        "KiBy" => "kibibytes",
        "MiBy" => "mebibytes",
        "%" => "percent",
        _ => unit,
    };
}
