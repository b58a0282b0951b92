using System.Diagnostics;
using Microsoft.Extensions.Hosting;

namespace ServiceDefaults.Telemetry;

/// <summary>
/// Keeps one order one trace when nobody exports traces. Without a listener an <see cref="ActivitySource"/> creates
/// nothing, and the context would end at the first outbox; this listener asks for activities that carry ids and
/// nothing else. ASP.NET Core and HttpClient propagate by themselves.
/// </summary>
internal sealed class TracePropagation(IHostEnvironment environment) : IHostedService, IDisposable
{
    private ActivityListener? _listener;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source =>
                TelemetryNames.Matches(TelemetryNames.MessagingSources, source.Name)
                || string.Equals(source.Name, environment.ApplicationName, StringComparison.Ordinal),
            Sample = static (ref _) => ActivitySamplingResult.PropagationData,
        };
        ActivitySource.AddActivityListener(_listener);
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    public void Dispose() => _listener?.Dispose();
}
