namespace Standins.Aspire.Hosting;

/// <summary>What makes a resource healthy.</summary>
public static class HealthCheckExtensions
{
    /// <summary>The resource is healthy while the check registered under this key with the builder's services passes.</summary>
    public static IResourceBuilder<T> WithHealthCheck<T>(this IResourceBuilder<T> builder, string key)
        where T : IResource => builder.WithAnnotation(new HealthCheckAnnotation(key));

    /// <summary>The resource is healthy while a GET, of <c>/</c> by default, is answered with a status code, 200 by default.</summary>
    /// <param name="endpointName">The endpoint; <c>https</c> if there is one, else <c>http</c>.</param>
    public static IResourceBuilder<T> WithHttpHealthCheck<T>(
        this IResourceBuilder<T> builder, string? path = null, int? statusCode = null, string? endpointName = null)
        where T : IResourceWithEndpoints
    {
        path ??= "/";
        var code = statusCode ?? 200;
        var name = endpointName ?? (builder.GetEndpoint("https").Exists ? "https" : "http");
        return builder.AddCheck(
            $"{builder.Resource.Name}_{name}_{path}_{code}_check", () => new HttpHealthCheck(builder.GetEndpoint(name), path, code));
    }

    internal static IResourceBuilder<T> AddCheck<T>(this IResourceBuilder<T> builder, string key, Func<IHealthCheck> check)
        where T : IResource
    {
        var made = new Lazy<IHealthCheck>(check);
        builder.ApplicationBuilder.Services.AddHealthChecks()
            .Add(new HealthCheckRegistration(key, _ => made.Value, failureStatus: null, tags: null));
        return builder.WithHealthCheck(key);
    }
}
