using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lab.Benching.Nats;

/// <summary>A nats-server with JetStream on disk, started for a bench and gone with it.</summary>
internal sealed class NatsServerProcess : IAsyncDisposable
{
    private const string Resource = "nats";

    private readonly DistributedApplication _app;

    private NatsServerProcess(DistributedApplication app, string url, Process? process) => (_app, Url, Process) = (app, url, process);

    /// <summary>Where it listens, credentials included.</summary>
    public string Url { get; }

    /// <summary>The server's process; null when it is in a container and its processor time cannot be read.</summary>
    public Process? Process { get; }

    /// <exception cref="LabException">It does not start.</exception>
    public static async Task<NatsServerProcess> StartAsync(CancellationToken cancellationToken)
    {
        var builder = DistributedApplicationTestingBuilder.Create();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        builder.AddNats(Resource).WithJetStream();
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            var running = await app.ResourceNotifications.WaitForResourceHealthyAsync(Resource, cancellationToken);
            var id = running.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
            return new NatsServerProcess(
                app,
                await app.GetConnectionStringAsync(Resource, cancellationToken) ?? throw new LabException("the server has no connection string"),
                id is null ? null : Process.GetProcessById(Convert.ToInt32(id, CultureInfo.InvariantCulture)));
        }
        catch (DistributedApplicationException failure)
        {
            await app.DisposeAsync();
            throw new LabException(failure.Message, failure);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Process?.Dispose();
        await _app.DisposeAsync();
    }
}
