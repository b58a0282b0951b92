using System.Net.Sockets;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Standins.Aspire.Hosting.ApplicationModel;

namespace Standins.Aspire.Hosting.Health;

/// <summary>Healthy while the first server of a connection string accepts connections, or if it names none.</summary>
internal sealed class TcpHealthCheck(IValueProvider connectionString) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (ServerAddress.TryParse(await connectionString.GetValueAsync(cancellationToken)) is not { } server)
            return HealthCheckResult.Healthy("the connection string names no host and port to try");

        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(server.Host, server.Port, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (SocketException failure)
        {
            return HealthCheckResult.Unhealthy($"{server.Host}:{server.Port}: {failure.Message}");
        }
    }
}
