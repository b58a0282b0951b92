using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using ServiceDefaults.Discovery;
using ServiceDefaults.Health;
using ServiceDefaults.Prometheus;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults;

/// <summary>
/// What every service of the system shares: telemetry, health, metrics and the discovery of other services,
/// in the form the Aspire project templates gave it.
/// </summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>The tag of a health check that tells whether the process itself is alive.</summary>
    public const string LiveTag = "live";

    /// <summary>
    /// Adds logging, traces, metrics, the health check <c>self</c> and service discovery for every
    /// <see cref="HttpClient"/> of the factory. Telemetry goes out over OTLP when the configuration has
    /// <c>OTEL_EXPORTER_OTLP_ENDPOINT</c>; without it trace context still flows from request to message to handler.
    /// </summary>
    /// <remarks>No resilience handler is added: a caller builds the pipeline its dependency needs.</remarks>
    /// <typeparam name="TBuilder">The kind of host builder.</typeparam>
    /// <param name="builder">The builder of the service.</param>
    /// <returns>The same builder.</returns>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder) where TBuilder : IHostApplicationBuilder
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.AddServiceLogging();
        builder.AddServiceTelemetry();
        builder.Services.AddPrometheusMetrics();
        builder.Services.AddSingleton<HealthAnswers>();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.AddServiceDiscovery();
        return builder;
    }

    /// <summary>
    /// Maps <c>/health</c> (every check), <c>/alive</c> (the checks tagged <see cref="LiveTag"/>) and <c>/metrics</c>
    /// (Prometheus text), in every environment. Health answers <c>Healthy</c> or <c>Degraded</c> with 200 and
    /// <c>Unhealthy</c> with 503, as plain text.
    /// </summary>
    /// <param name="app">The application.</param>
    /// <returns>The same application.</returns>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var answers = app.Services.GetRequiredService<HealthAnswers>();
        app.MapHealthChecks(InfrastructurePaths.Health, new HealthCheckOptions { ResponseWriter = answers.WriteAsync }).DisableHttpMetrics();
        app.MapHealthChecks(InfrastructurePaths.Alive, new HealthCheckOptions
        {
            Predicate = check => check.Tags.Contains(LiveTag),
            ResponseWriter = answers.WriteAsync,
        }).DisableHttpMetrics();
        app.MapGet(InfrastructurePaths.Metrics, PrometheusEndpoint.WriteAsync).DisableHttpMetrics().ExcludeFromDescription();
        return app;
    }
}
