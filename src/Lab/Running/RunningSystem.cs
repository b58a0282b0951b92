using Lab.Networking;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Lab.Running;

/// <summary>The whole system, started in this process by its own app host and stopped when disposed.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    // A call into a service that was killed under it may never be answered; it is repeated.
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(15);

    /// <summary>The databases of the services whose messages cross the broker.</summary>
    public static IReadOnlyList<string> Databases { get; } = ["orders-db", "inventory-db", "payments-db"];

    private readonly DistributedApplication _app;
    private readonly string _transport;
    private readonly Dictionary<string, string> _connectionStrings = new(StringComparer.Ordinal);
    private readonly Dictionary<string, HttpClient> _clients = new(StringComparer.Ordinal);
    private readonly RunningProcesses _processes;
    private readonly List<IAsyncDisposable> _attached = [];

    private RunningSystem(DistributedApplication app, string transport) =>
        (_app, _transport, _processes) = (app, transport, new RunningProcesses(app.ResourceNotifications));

    /// <summary>Starts database, broker and services, and waits until each service is healthy.</summary>
    /// <param name="options">What is to run.</param>
    /// <param name="cancellationToken">Gives up; what had started is stopped.</param>
    /// <exception cref="LabException">Something did not start; what had started has been stopped.</exception>
    public static async Task<RunningSystem> StartAsync(SystemOptions options, CancellationToken cancellationToken)
    {
        try
        {
            var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
                [.. options.Arguments()], cancellationToken);
            var links = options.Links ? new ServiceLinks(TimeProvider.System) : null;
            foreach (var project in builder.Resources.OfType<ProjectResource>())
            {
                project.Annotations.Add(SettingsOf(options));
                if (links is not null) project.Annotations.Add(LinksOf(project.Name, links));
            }

            builder.Services.AddLogging(logging =>
            {
                logging.ClearProviders();
                logging.AddFilter("System", LogLevel.Warning);
                if (options.Log is not null) logging.AddProvider(new FileLog(options.Log));
            });
            var system = new RunningSystem(await builder.BuildAsync(cancellationToken), options.Transport)
            {
                Coordination = options.Coordination,
                Links = links,
            };
            if (links is not null) system.Attach(links);
            try
            {
                await system.StartAsync(cancellationToken);
                return system;
            }
            catch
            {
                await system.DisposeAsync();
                throw;
            }
        }
        catch (DistributedApplicationException failure)
        {
            throw new LabException(failure.Message, failure);
        }
    }

    /// <summary>Who decides what comes next: <see cref="Coordinations"/>.</summary>
    public string Coordination { get; private init; } = Coordinations.Orchestration;

    /// <summary>Whether a saga decides about each order.</summary>
    public bool HasSagas => Coordination == Coordinations.Orchestration;

    /// <summary>The links between services, databases and broker; null when the system was started without.</summary>
    public ServiceLinks? Links { get; private init; }

    /// <summary>The link of a service to its <c>database</c> or to the <c>broker</c>.</summary>
    /// <exception cref="LabException">There is none.</exception>
    public FaultyLink Link(string service, string end) =>
        Links?.Find(service, end) ?? throw new LabException($"{service} has no link to its {end}: the system was started without links");

    /// <summary>The connection string of a database or of the broker, past all links.</summary>
    public string ConnectionString(string resource) => _connectionStrings[resource];

    /// <summary>A way of our own to the broker, past all links; it belongs to who asks.</summary>
    public ITransport ConnectTransport(TimeProvider clock) => _transport == "kafka"
        ? new KafkaTransport(ConnectionString(Broker), new KafkaTransportOptions(), NullLoggerFactory.Instance, clock)
        : new JetStreamTransport(ConnectionString(Broker), new JetStreamTransportOptions(), NullLoggerFactory.Instance, clock);

    /// <summary>A client of a service's HTTP endpoint; it belongs to this object.</summary>
    public HttpClient Http(string service) => _clients[service];

    /// <summary>The services, in the order in which they are waited for.</summary>
    public static IReadOnlyList<string> Services { get; } = ["orders", "inventory", "payments", "payment-provider"];

    /// <summary>The name of the broker: <c>nats</c> or <c>kafka</c>.</summary>
    public string Broker => _transport == "kafka" ? "kafka" : "nats";

    /// <summary>The instances of a service that run now.</summary>
    public IReadOnlyList<Replica> Replicas(string service) => [.. _processes.Of(service).OfType<Replica>()];

    /// <summary>
    /// The processes of a service or a server (<c>postgres</c>, <c>nats</c>, <c>kafka</c>) that run now; none of a server that
    /// somebody else runs.
    /// </summary>
    public IReadOnlyList<RunningProcess> Processes(string resource) => _processes.Of(resource);

    /// <summary>Whether the broker is ours and keeps what it was told: not somebody else's, not the embedded one in memory.</summary>
    public bool BrokerOutlivesAKill => Processes(Broker).Count > 0
        && (_transport != "kafka" || !KafkaBroker.Describe(_app.Services.GetRequiredService<IConfiguration>()).IsEmbedded);

    /// <summary>Has something disposed when the system has been stopped, such as a disk that its database used.</summary>
    public void Attach(IAsyncDisposable part)
    {
        lock (_attached) _attached.Add(part);
    }

    /// <summary>What was attached; null when nothing of that kind was.</summary>
    public T? Attached<T>() where T : class
    {
        lock (_attached) return _attached.OfType<T>().FirstOrDefault();
    }

    /// <summary>Asks the broker what it is.</summary>
    public Task<BrokerDescription> DescribeBrokerAsync(CancellationToken cancellationToken) => _transport == "kafka"
        ? Task.FromResult(KafkaBroker.Describe(_app.Services.GetRequiredService<IConfiguration>()))
        : NatsBroker.DescribeAsync(_connectionStrings["nats"], cancellationToken);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients.Values) client.Dispose();
        await _processes.DisposeAsync();
        await _app.DisposeAsync();
        foreach (var part in Enumerable.Reverse(_attached)) await part.DisposeAsync();
    }

    private static EnvironmentCallbackAnnotation SettingsOf(SystemOptions options) => new(context =>
    {
        foreach (var (name, value) in options.Settings.Concat(options.Durability.Settings)) context.EnvironmentVariables[name] = value;
        return Task.CompletedTask;
    });

    // The last word: whatever connection strings the app host gives, they lead over the links.
    private static EnvironmentCallbackAnnotation LinksOf(string service, ServiceLinks links) =>
        new(context => links.LeadAsync(service, context.EnvironmentVariables, context.CancellationToken));

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        await _app.StartAsync(cancellationToken);
        foreach (var service in Services)
        {
            await _app.ResourceNotifications.WaitForResourceHealthyAsync(service, cancellationToken);
            _clients[service] = _app.CreateHttpClient(service);
            _clients[service].Timeout = CallTimeout;
        }

        foreach (var resource in (string[])[.. Databases, Broker])
        {
            _connectionStrings[resource] = await _app.GetConnectionStringAsync(resource, cancellationToken)
                ?? throw new LabException($"the app host has no connection string for {resource}");
        }
    }
}
