namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Runs the health checks of an instance as long as it runs: often until it is healthy, then now and then.</summary>
internal sealed class ResourceHealth(
    IServiceProvider services,
    IOptions<HealthCheckServiceOptions> checks,
    ResourceNotificationService notifications,
    TimeProvider time)
{
    private static readonly TimeSpan WhileUnhealthy = TimeSpan.FromMilliseconds(150);
    private static readonly TimeSpan WhileHealthy = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    public static ImmutableArray<HealthReportSnapshot> Unknown(IResource resource) =>
        [.. resource.Annotations.OfType<HealthCheckAnnotation>().Select(c => new HealthReportSnapshot(c.Key, null, null, null))];

    /// <summary>Checks until cancelled, which is no error.</summary>
    public Task MonitorAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var registrations = instance.Resource.Annotations.OfType<HealthCheckAnnotation>().Select(a => Find(instance.Resource, a)).ToList();
        return registrations.Count == 0 ? Task.CompletedTask : MonitorAsync(instance, registrations, cancellationToken);
    }

    private async Task MonitorAsync(ResourceInstance instance, List<HealthCheckRegistration> registrations, CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var reports = await Task.WhenAll(registrations.Select(r => CheckAsync(instance, r, cancellationToken)));
                if (notifications.TryGetCurrentState(instance.Id, out var known) && !known.Snapshot.HealthReports.SequenceEqual(reports))
                    notifications.Publish(instance, s => s with { HealthReports = [.. reports] });
                await Task.Delay(reports.All(r => r.Status == HealthStatus.Healthy) ? WhileHealthy : WhileUnhealthy, time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The resource has stopped.
        }
    }

    private HealthCheckRegistration Find(IResource resource, HealthCheckAnnotation annotation) =>
        checks.Value.Registrations.FirstOrDefault(r => r.Name == annotation.Key)
        ?? throw new DistributedApplicationException($"'{resource.Name}' names the health check '{annotation.Key}', which is not registered.");

    private async Task<HealthReportSnapshot> CheckAsync(ResourceInstance instance, HealthCheckRegistration registration, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            var check = registration.Factory(services);
            var result = check is HttpHealthCheck http
                ? await http.CheckAsync(instance, limit.Token)
                : await check.CheckHealthAsync(new HealthCheckContext { Registration = registration }, limit.Token);
            return new HealthReportSnapshot(registration.Name, result.Status, result.Description, result.Exception?.Message);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            // Whatever a check throws is its verdict.
            var reason = failure is OperationCanceledException ? $"no answer within {Limit.TotalSeconds:0} s" : failure.Message;
            return new HealthReportSnapshot(registration.Name, HealthStatus.Unhealthy, reason, null);
        }
    }
}
