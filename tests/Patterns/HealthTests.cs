using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Support;

namespace Patterns;

public sealed class HealthTests(Servers servers)
{
    [Fact]
    public async Task A_service_whose_messages_do_not_leave_is_degraded_and_well_again_when_they_do()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var down = true;
        var transport = new RecordingTransport
        {
            OnPublish = (_, _) => Volatile.Read(ref down) ? throw new TransportException("down") : Task.FromResult(PublishOutcome.AllAcknowledged),
        };
        await using var service = await TestService.StartAsync(
            database, transport, settings: [("Outbox:DegradedAfter", "00:00:00.100"), ("Outbox:MaxPause", "00:00:00.100")]);
        (await StatusAsync(service, "relay")).ShouldBe(HealthStatus.Healthy);

        await service.SendAsync(Messages.Entry("waits"), Messages.Entry("scheduled", 1, DateTimeOffset.UtcNow.AddHours(1)));
        await Eventually.BecomesTrueAsync(async () => await StatusAsync(service, "relay") == HealthStatus.Degraded, "it is degraded");
        Volatile.Write(ref down, false);

        await Eventually.BecomesTrueAsync(async () => await StatusAsync(service, "relay") == HealthStatus.Healthy, "it is well");
    }

    [Fact]
    public async Task A_service_without_its_database_is_unhealthy()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        (await StatusAsync(service, "database")).ShouldBe(HealthStatus.Healthy);

        await database.DisposeAsync();

        await Eventually.BecomesTrueAsync(async () => await StatusAsync(service, "database") == HealthStatus.Unhealthy, "it is unhealthy");
        await Eventually.BecomesTrueAsync(async () => await StatusAsync(service, "relay") == HealthStatus.Unhealthy, "so is its relay");
    }

    private static async Task<HealthStatus> StatusAsync(TestService service, string check)
    {
        var report = await service.Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(registration => registration.Name == check, TestContext.Current.CancellationToken);
        return report.Entries[check].Status;
    }
}
