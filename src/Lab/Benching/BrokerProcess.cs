using System.Diagnostics;
using System.Globalization;
using Lab.Running;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Lab.Benching;

/// <summary>A broker started for a bench and gone with it: nats-server with JetStream on disk, or the Kafka that the app host would start.</summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private readonly DistributedApplication _app;

    private BrokerProcess(DistributedApplication app, string url, BrokerDescription description, Process? process) =>
        (_app, Url, Description, Process) = (app, url, description, process);

    /// <summary>Where it listens, credentials included.</summary>
    public string Url { get; }

    /// <summary>What it is.</summary>
    public BrokerDescription Description { get; }

    /// <summary>The broker's process; null when it runs elsewhere and its processor time cannot be read.</summary>
    public Process? Process { get; }

    /// <param name="transport"><c>jetstream</c> or <c>kafka</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="LabException">It does not start.</exception>
    public static async Task<BrokerProcess> StartAsync(string transport, CancellationToken cancellationToken)
    {
        // The app host knows which broker it is and where it comes from; everything else stays away.
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>([$"--transport={transport}"], cancellationToken);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        foreach (var resource in builder.Resources.Where(resource => resource is ProjectResource or PostgresServerResource or PostgresDatabaseResource).ToArray())
            builder.Resources.Remove(resource);
        var name = transport == "kafka" ? "kafka" : "nats";
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            var running = await app.ResourceNotifications.WaitForResourceHealthyAsync(name, cancellationToken);
            var id = running.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
            var url = await app.GetConnectionStringAsync(name, cancellationToken) ?? throw new LabException($"{name} has no connection string");
            var description = transport == "kafka"
                ? KafkaBroker.Describe(app.Services.GetRequiredService<IConfiguration>())
                : await NatsBroker.DescribeAsync(url, cancellationToken);
            return new BrokerProcess(app, url, description, id is null ? null : Process.GetProcessById(Convert.ToInt32(id, CultureInfo.InvariantCulture)));
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
