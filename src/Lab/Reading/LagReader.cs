using System.Globalization;
using System.Text.RegularExpressions;
using Lab.Checking;
using Lab.Running;

namespace Lab.Reading;

/// <summary>Reads the consumer lag a service reports at <c>/metrics</c>.</summary>
internal static partial class LagReader
{
    private const string Metric = "messaging_consumer_lag";

    /// <summary>Asks every instance of a service: each tells the lag of the partitions it owns.</summary>
    /// <param name="service">The service.</param>
    /// <param name="replicas">Its instances; looked up anew for each attempt, as one that is started again has another address.</param>
    /// <param name="patience">How long to try.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<IReadOnlyList<ConsumerLag>> ReadAsync(
        string service, Func<IReadOnlyList<Replica>> replicas, Patience patience, CancellationToken cancellationToken) =>
        patience.KeepTryingAsync<IReadOnlyList<ConsumerLag>>($"reading the metrics of {service}", async cancel =>
        {
            using var http = new HttpClient();
            var running = replicas();
            if (running.Count == 0) throw new HttpRequestException($"no instance of {service} runs");
            var lags = new List<ConsumerLag>();
            foreach (var replica in running) lags.AddRange(Parse(service, await http.GetStringAsync(new Uri(replica.Address, "/metrics"), cancel)));
            return lags;
        }, cancellationToken);

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
