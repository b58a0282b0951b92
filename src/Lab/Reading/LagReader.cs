using Lab.Checking;
using Lab.Running;

namespace Lab.Reading;

/// <summary>Reads the consumer lag a service reports at <c>/metrics</c>.</summary>
internal static class LagReader
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
    public static IEnumerable<ConsumerLag> Parse(string service, string text) => PrometheusSamples.Parse(text, Metric)
        .Where(sample => sample.Metric == Metric)
        .Select(sample => new ConsumerLag(
            service,
            sample.Labels.GetValueOrDefault("consumer", "?"),
            sample.Labels.GetValueOrDefault("topic", "?"),
            sample.Labels.GetValueOrDefault("partition", "?"),
            sample.Value));
}
