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
        var builder = DistributedApplicationTestingBuilder.Create();
        builder.Services.AddLogging(logging => logging.ClearProviders());
        var name = transport == "kafka" ? "kafka" : "nats";
        var named = builder.Configuration.GetConnectionString(name) ?? (transport == "kafka" ? builder.Configuration["KAFKA_BOOTSTRAP_SERVERS"] : null);
        if (named is not null) builder.AddConnectionString(name, ReferenceExpression.Create($"{named}"));
        else if (transport == "kafka") builder.AddKafka(name);
        else builder.AddNats(name).WithJetStream();
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
