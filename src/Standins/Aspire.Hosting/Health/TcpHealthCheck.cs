namespace Standins.Aspire.Hosting.Health;

/// <summary>Healthy while the first server of a connection string accepts connections, or if it names none.</summary>
internal sealed class TcpHealthCheck(IValueProvider connectionString) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (ServerAddress.TryParse(await connectionString.GetValueAsync(cancellationToken)) is not { } server)
            return HealthCheckResult.Healthy("the connection string names no host and port to try");

        return await server.FindFaultAsync(cancellationToken) is { } fault ? HealthCheckResult.Unhealthy(fault) : HealthCheckResult.Healthy();
    }
}
