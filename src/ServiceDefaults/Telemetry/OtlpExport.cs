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
    // The host has seconds to stop: an endpoint that does not answer must not use them up. As long as the SDK itself would wait.
    private const int FlushMilliseconds = 5_000;

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

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_sdk is not { } sdk) return;
        // The SDK only knows how to block, so both have a thread of their own: those of the pool may have to receive what is sent.
        await Task.WhenAll(
            OnThreadAsync(() => sdk.TracerProvider.Shutdown(FlushMilliseconds)),
            OnThreadAsync(() => sdk.MeterProvider.Shutdown(FlushMilliseconds)));
        Dispose();
    }

    private static Task OnThreadAsync(Action block) =>
        Task.Factory.StartNew(block, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    public void Dispose()
    {
        _sdk?.Dispose();
        _sdk = null;
    }
}
