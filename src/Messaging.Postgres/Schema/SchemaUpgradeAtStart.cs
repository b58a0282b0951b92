using Microsoft.Extensions.Hosting;

namespace Messaging.Postgres;

/// <summary>Brings the schema up to date before any hosted service of the host starts.</summary>
internal sealed class SchemaUpgradeAtStart(SchemaUpgrade upgrade) : IHostedLifecycleService
{
    public Task StartingAsync(CancellationToken cancellationToken) => upgrade.RunAsync(cancellationToken);

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
