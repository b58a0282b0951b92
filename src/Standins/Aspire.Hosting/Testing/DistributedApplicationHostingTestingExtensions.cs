namespace Standins.Aspire.Hosting.Testing;

/// <summary>What a test asks of a running application.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    /// <summary>A client whose base address is an endpoint of a resource.</summary>
    /// <param name="endpointName">The name of the endpoint; <c>https</c> if there is one, else <c>http</c>.</param>
    /// <exception cref="ArgumentException">There is no such resource or endpoint.</exception>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var client = app.Services.GetRequiredService<IHttpClientFactory>().CreateClient();
        client.BaseAddress = app.GetEndpoint(resourceName, endpointName);
        return client;
    }

    /// <summary>The address of an endpoint.</summary>
    /// <param name="endpointName">The name of the endpoint; <c>https</c> if there is one, else <c>http</c>.</param>
    /// <exception cref="ArgumentException">There is no such resource or endpoint.</exception>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var resource = app.Find<IResourceWithEndpoints>(resourceName);
        string[] names = endpointName is null ? ["https", "http"] : [endpointName];
        var endpoint = names.Select(name => new EndpointReference(resource, name)).FirstOrDefault(e => e.Exists)
            ?? throw new ArgumentException($"Resource '{resourceName}' has no endpoint '{endpointName ?? "http"}'.", nameof(endpointName));
        return new Uri(endpoint.Url);
    }

    /// <summary>The connection string of a resource, once it is known.</summary>
    /// <exception cref="ArgumentException">There is no such resource.</exception>
    public static ValueTask<string?> GetConnectionStringAsync(
        this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default) =>
        app.Find<IResourceWithConnectionString>(resourceName).GetConnectionStringAsync(cancellationToken);

    private static T Find<T>(this DistributedApplication app, string resourceName)
        where T : class, IResource =>
        app.Services.GetRequiredService<DistributedApplicationModel>().Resources
            .FirstOrDefault(r => r.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase)) as T
        ?? throw new ArgumentException($"There is no resource '{resourceName}' of the kind asked for.", nameof(resourceName));
}
