using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults.Prometheus;

/// <summary>Registers the collector and serves what it collects.</summary>
internal static class PrometheusEndpoint
{
    public static void AddPrometheusMetrics(this IServiceCollection services)
    {
        services.AddMetrics();
        services.AddSingleton<MetricCollector>();
        services.AddHostedService(provider => provider.GetRequiredService<MetricCollector>());
    }

    public static Task WriteAsync(HttpContext context, MetricCollector collector, CancellationToken cancellationToken)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(collector.Collect(), cancellationToken);
    }
}
