using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Runs OpenTelemetry's trace and metric pipelines for as long as the host runs, and sends what is left when it stops.
/// Endpoint, protocol, headers, sampler and intervals are the <c>OTEL_*</c> settings of the configuration.
/// </summary>
internal sealed class OtlpExport(IConfiguration configuration, IHostEnvironment environment) : IHostedService, IDisposable
{
    // The host has seconds to stop: an endpoint that does not answer must not use them up.
    private const int FlushMilliseconds = 2_000;

    private OpenTelemetrySdk? _sdk;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _sdk = OpenTelemetrySdk.Create(telemetry =>
        {
            telemetry.Services.AddSingleton(configuration);
            telemetry.ConfigureResource(resource => resource.Clear().AddServiceResource(environment));
            telemetry.WithTracing(traces => traces
                .AddSource(TelemetryNames.Sources)
                .AddSource(environment.ApplicationName)
                .AddOtlpExporter());
            telemetry.WithMetrics(metrics => metrics.AddMeter(TelemetryNames.Meters).AddOtlpExporter());
        });
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        _sdk?.TracerProvider.Shutdown(FlushMilliseconds);
        _sdk?.MeterProvider.Shutdown(FlushMilliseconds);
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose()
    {
        _sdk?.Dispose();
        _sdk = null;
    }
}
