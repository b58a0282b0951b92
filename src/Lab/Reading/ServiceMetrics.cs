using Lab.Running;

namespace Lab.Reading;

/// <summary>What every instance of the services tells at <c>/metrics</c> at one moment: the sums and counts of its histograms.</summary>
/// <param name="samples">All of them, each with the label <c>service</c>.</param>
internal sealed class ServiceMetrics(IReadOnlyList<PrometheusSample> samples)
{
    private static readonly string[] Prefixes = ["messaging_", "http_client_request_duration"];

    /// <summary>Asks every instance.</summary>
    /// <exception cref="LabException">One does not answer.</exception>
    public static async Task<ServiceMetrics> ReadAsync(RunningSystem system, HttpClient http, CancellationToken cancellationToken)
    {
        var samples = new List<PrometheusSample>();
        foreach (var service in RunningSystem.Services)
        {
            foreach (var replica in system.Replicas(service))
            {
                try
                {
                    var text = await http.GetStringAsync(new Uri(replica.Address, "/metrics"), cancellationToken);
                    samples.AddRange(Prefixes.SelectMany(prefix => PrometheusSamples.Parse(text, prefix))
                        .Where(sample => sample.Metric.EndsWith("_sum", StringComparison.Ordinal) || sample.Metric.EndsWith("_count", StringComparison.Ordinal))
                        .Select(sample => sample with { Labels = new Dictionary<string, string>(sample.Labels, StringComparer.Ordinal) { ["service"] = service } }));
                }
                catch (Exception failure) when (failure is HttpRequestException || (failure is TaskCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    throw new LabException($"{replica.Id} does not tell its metrics: {failure.Message}", failure);
                }
            }
        }

        return new ServiceMetrics(samples);
    }

    /// <summary>The mean of what a histogram has recorded since an earlier reading, in its own unit; zero when it was nothing.</summary>
    /// <param name="earlier">The earlier reading.</param>
    /// <param name="histogram">Its name without suffix.</param>
    /// <param name="labels">Only series with these.</param>
    public double MeanSince(ServiceMetrics earlier, string histogram, params IReadOnlyList<(string Name, string Value)> labels)
    {
        var count = Total(histogram + "_count", labels) - earlier.Total(histogram + "_count", labels);
        var sum = Total(histogram + "_sum", labels) - earlier.Total(histogram + "_sum", labels);
        return count > 0 && sum > 0 ? sum / count : 0; // Less than before is what an instance tells that was started anew.
    }

    private double Total(string metric, IReadOnlyList<(string Name, string Value)> labels) => samples
        .Where(sample => sample.Metric == metric && labels.All(label => sample.Labels.GetValueOrDefault(label.Name) == label.Value))
        .Sum(sample => sample.Value);
}
