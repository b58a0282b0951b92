using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Checking;

namespace Lab.Reading;

/// <summary>Reads the consumer lag a service reports at <c>/metrics</c>.</summary>
internal static partial class LagReader
{
    private const string Metric = "messaging_consumer_lag";

    public static async Task<IReadOnlyList<ConsumerLag>> ReadAsync(
        string service, HttpClient http, Patience patience, CancellationToken cancellationToken)
    {
        var text = await patience.KeepTryingAsync(
            $"reading the metrics of {service}", cancel => http.GetStringAsync(new Uri("/metrics", UriKind.Relative), cancel), cancellationToken);
        return [.. Parse(service, text)];
    }

    /// <summary>Finds the samples of the lag in Prometheus' text format.</summary>
    public static IEnumerable<ConsumerLag> Parse(string service, string text)
    {
        foreach (Match sample in Sample().Matches(text))
        {
            var labels = Label().Matches(sample.Groups["labels"].Value)
                .ToDictionary(label => label.Groups["name"].Value, label => label.Groups["value"].Value, StringComparer.Ordinal);
            yield return new ConsumerLag(
                service,
                labels.GetValueOrDefault("consumer", "?"),
                labels.GetValueOrDefault("topic", "?"),
                labels.GetValueOrDefault("partition", "?"),
                double.Parse(sample.Groups["value"].Value, CultureInfo.InvariantCulture));
        }
    }

    [GeneratedRegex($@"^{Metric}\{{(?<labels>[^\n]*)\}} (?<value>\S+)$", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Sample();

    [GeneratedRegex("""(?<name>\w+)="(?<value>(\\.|[^"\\])*)"(,|$)""", RegexOptions.ExplicitCapture, 1_000)]
    private static partial Regex Label();
}
