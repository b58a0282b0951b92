namespace Standins.Aspire.Hosting.Health;

/// <summary>Healthy while a GET is answered with the status code; for a replica, by that very replica.</summary>
internal sealed class HttpHealthCheck(EndpointReference endpoint, string path, int statusCode) : IHealthCheck
{
    // A connection of its own for each probe: a restarted process must not be judged by an old connection.
    private static readonly HttpClient Client = new(new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero, UseProxy = false });

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        CheckAsync(endpoint.Url, cancellationToken);

    public Task<HealthCheckResult> CheckAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
        CheckAsync(instance.UrlOf(endpoint), cancellationToken);

    private async Task<HealthCheckResult> CheckAsync(string address, CancellationToken cancellationToken)
    {
        var uri = new Uri(new Uri(address), path);
        try
        {
            using var answer = await Client.GetAsync(uri, cancellationToken);
            return (int)answer.StatusCode == statusCode
                ? HealthCheckResult.Healthy()
                : HealthCheckResult.Unhealthy($"GET {uri} answers {(int)answer.StatusCode}: {await ReadReasonAsync(answer, cancellationToken)}");
        }
        catch (HttpRequestException failure)
        {
            return HealthCheckResult.Unhealthy($"GET {uri}: {failure.Message}");
        }
    }

    private static async Task<string> ReadReasonAsync(HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var body = await answer.Content.ReadAsStringAsync(cancellationToken);
        return body.Length <= 200 ? body : body[..200];
    }
}
