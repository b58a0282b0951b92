using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Polly.CircuitBreaker;

namespace Payments.CallingTheProvider;

/// <summary>
/// Degraded while a circuit is not closed, and while there are payments that the provider refuses for good. Not unhealthy, because
/// restarting this service would not help.
/// </summary>
internal sealed class ProviderHealthCheck(ProviderPipelines pipelines, PaymentsDbContext db) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            var refused = await db.Payments.CountAsync(
                payment => payment.State == PaymentState.CaptureRefused || payment.State == PaymentState.VoidRefused, cancellationToken);
            var troubles = pipelines.Circuits.Select(Describe).OfType<string>().ToList();
            if (refused > 0)
                troubles.Add($"The provider refuses {refused} captures or voids for good; GET /payments/{{orderId}} says why.");
            return troubles.Count > 0 ? HealthCheckResult.Degraded(string.Join(' ', troubles)) : HealthCheckResult.Healthy();
        }
        catch (NpgsqlException exception)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, exception.Message, exception);
        }
    }

    private static string? Describe(ProviderCircuit circuit) => circuit.OpenSince is { } since
        ? $"The circuit {circuit.Name} has been open since {since:yyyy-MM-dd HH:mm:ss}Z{(circuit.State is CircuitState.HalfOpen ? " and lets one payment probe" : "")}."
        : null;
}
