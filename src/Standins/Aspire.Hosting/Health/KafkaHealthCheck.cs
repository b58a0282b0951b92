using System.Buffers.Binary;

namespace Standins.Aspire.Hosting.Health;

/// <summary>Healthy while the broker answers an ApiVersions request (version 0, which every broker knows) without an error.</summary>
internal sealed class KafkaHealthCheck(KafkaServerResource kafka) : IHealthCheck
{
    // Size, api key 18, version 0, correlation id, null client id.
    private static readonly byte[] Request = [0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xFF, 0xFF];

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (kafka.PrimaryEndpoint.EndpointAnnotation.AllocatedEndpoint is not { } address)
            return HealthCheckResult.Unhealthy("the broker has not said where it listens");

        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Address, address.Port, cancellationToken);
            var stream = client.GetStream();
            await stream.WriteAsync(Request, cancellationToken);
            // Size, correlation id, error code.
            var answer = new byte[10];
            await stream.ReadExactlyAsync(answer, cancellationToken);
            var error = BinaryPrimitives.ReadInt16BigEndian(answer.AsSpan(8));
            return error == 0 ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy($"the broker answers with error {error}");
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return HealthCheckResult.Unhealthy($"{address.Address}:{address.Port}: {failure.Message}");
        }
    }
}
