using System.Globalization;
using System.Text;

namespace ServiceDefaults.Prometheus;

/// <summary>Prometheus' text exposition format, version 0.0.4.</summary>
internal static class PrometheusText
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private const string Overflow = "metrics_overflow_measurements_total";

    public static string Write(IEnumerable<Metric> metrics)
    {
        var sorted = metrics.OrderBy(metric => metric.Name, StringComparer.Ordinal).ToArray();
        var text = new StringBuilder(16_384);
        foreach (var metric in sorted)
        {
            var series = metric.Snapshot();
            if (series.Length == 0) continue;
            WriteHead(text, metric.Name, metric.Help, Type(metric.Kind));
            foreach (var one in series) WriteSeries(text, metric, one);
        }

        WriteOverflow(text, sorted.Where(metric => metric.Overflowed > 0).ToArray());
        return text.ToString();
    }

    private static string Type(MetricKind kind) => kind switch
    {
        MetricKind.Counter => "counter",
        MetricKind.Histogram => "histogram",
        _ => "gauge",
    };

    private static void WriteHead(StringBuilder text, string name, string help, string type)
    {
        if (help.Length > 0)
        {
            var escaped = help.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
            text.Append("# HELP ").Append(name).Append(' ').Append(escaped).Append('\n');
        }

        text.Append("# TYPE ").Append(name).Append(' ').Append(type).Append('\n');
    }

    private static void WriteSeries(StringBuilder text, Metric metric, Series series)
    {
        switch (series)
        {
            case ValueSeries single:
                WriteSample(text, metric.Name, series.Labels, single.Value);
                break;
            case HistogramSeries histogram:
                WriteHistogram(text, metric, histogram);
                break;
        }
    }

    private static void WriteHistogram(StringBuilder text, Metric metric, HistogramSeries histogram)
    {
        var (counts, sum) = histogram.Read();
        var separator = histogram.Labels.Length > 0 ? "," : "";
        long upTo = 0;
        for (var i = 0; i < counts.Length; i++)
        {
            upTo += counts[i];
            var bound = i < metric.Bounds.Length ? Number(metric.Bounds[i]) : "+Inf";
            WriteSample(text, $"{metric.Name}_bucket", $"{histogram.Labels}{separator}le=\"{bound}\"", upTo);
        }

        WriteSample(text, $"{metric.Name}_sum", histogram.Labels, sum);
        WriteSample(text, $"{metric.Name}_count", histogram.Labels, upTo);
    }

    private static void WriteOverflow(StringBuilder text, Metric[] overflowed)
    {
        if (overflowed.Length == 0) return;
        WriteHead(text, Overflow, "Measurements that share the overflow series of their metric.", "counter");
        foreach (var metric in overflowed) WriteSample(text, Overflow, $"metric=\"{metric.Name}\"", metric.Overflowed);
    }

    private static void WriteSample(StringBuilder text, string name, string labels, double value)
    {
        text.Append(name);
        if (labels.Length > 0) text.Append('{').Append(labels).Append('}');
        text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString("R", CultureInfo.InvariantCulture),
    };
}
