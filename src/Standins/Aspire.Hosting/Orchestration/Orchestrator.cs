namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Runs the resources of an application on this machine.</summary>
internal sealed partial class Orchestrator(
    DistributedApplicationModel model,
    ResourceNotificationService notifications,
    ResourceLoggerService logs,
    ResourceHealth health,
    DependencyWaiter waiter,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    IConfiguration configuration,
    IOptions<StandinOptions> options,
    IHostEnvironment environment,
    ILoggerFactory loggers,
    TimeProvider time) : IAsyncDisposable
{
    private readonly ILogger _logger = loggers.CreateLogger(environment.ApplicationName);
    private readonly EndpointAllocator _endpoints = new(configuration.GetValue("DcpPublisher:RandomizePorts", false), time);
    private readonly Lock _stopping = new();
    private Dictionary<IResource, List<IAgent>> _agents = [];
    private RunDirectory? _directory;
    private Watchdog? _watchdog;
    private Task? _stopped;

    /// <summary>All replicas of the resource of that name, or the one of that id.</summary>
    public List<IAgent> FindAgents(string nameOrId) =>
    [
        .. _agents.Values.SelectMany(a => a).Where(a =>
            a.Instance.Resource.Name.Equals(nameOrId, StringComparison.OrdinalIgnoreCase)
            || a.Instance.Id.Equals(nameOrId, StringComparison.OrdinalIgnoreCase)),
    ];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_directory is not null)
            throw new InvalidOperationException("The application has been started already.");

        var begin = time.GetTimestamp();
        LogStarting(_logger);
        await eventing.PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        _ = DependencyOrder.FindDependents(model.Resources);
        foreach (var resource in model.Resources)
            _endpoints.Allocate(resource);
        _directory = RunDirectory.Create(environment.ApplicationName);
        _watchdog = Watchdog.Start(_directory, options.Value.KeepData);
        if (options.Value.KeepData)
            LogKept(_logger, _directory.Path);

        var context = NewContext(_directory, _watchdog);
        _agents = model.Resources.ToDictionary(r => r, r => NewAgents(r, context));
        var agents = _agents.Values.SelectMany(a => a).ToList();
        agents.ForEach(a => a.Start());
        await foreach (var up in Task.WhenEach(agents.Select(a => a.Up)).WithCancellation(cancellationToken))
            await up;
        LogStarted(_logger, time.GetElapsedTime(begin).TotalSeconds, StartReport.Describe(model.Resources));
    }

    /// <summary>Stops each resource when those that need it have stopped.</summary>
    public Task StopAsync(CancellationToken kill)
    {
        lock (_stopping)
            return _stopped ??= StopAllAsync(kill);
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    private async Task StopAllAsync(CancellationToken kill)
    {
        var dependents = DependencyOrder.FindDependents(_agents.Keys);
        var stops = new Dictionary<IResource, Task>();
        await Task.WhenAll(_agents.Keys.Select(Stop));
        if (_watchdog is not null)
            await _watchdog.DisposeAsync();
        await _endpoints.DisposeAsync();
        foreach (var agent in _agents.Values.SelectMany(a => a))
            agent.Dispose();
        if (!options.Value.KeepData)
            _directory?.Delete();

        Task Stop(IResource resource)
        {
            if (!stops.TryGetValue(resource, out var stop))
                stops[resource] = stop = StopAfter(dependents[resource].Select(Stop).ToList(), _agents[resource]);
            return stop;
        }

        async Task StopAfter(List<Task> others, List<IAgent> agents)
        {
            await Task.WhenAll(others);
            await Task.WhenAll(agents.Select(a => a.StopAsync(discard: !options.Value.KeepData, kill)));
        }
    }

    private AgentContext NewContext(RunDirectory directory, Watchdog watchdog)
    {
        var jobs = model.Resources.SelectMany(r => r.Annotations).OfType<WaitAnnotation>()
            .Where(w => w.WaitType == WaitType.WaitForCompletion).Select(w => w.Resource).ToHashSet();
        var readiness = new Dictionary<IResource, ResourceReadiness>();
        var context = new AgentContext(
            directory, watchdog, options.Value, configuration, notifications, logs, health, waiter, _endpoints, eventing, services,
            _logger, time, jobs.Contains, r => readiness[r]);
        foreach (var resource in model.Resources)
            readiness[resource] = new ResourceReadiness(resource.GetReplicaCount(), context);
        return context;
    }

    private List<IAgent> NewAgents(IResource resource, AgentContext context) =>
        resource.Annotations.OfType<ProcessAnnotation>().LastOrDefault() is { } recipe
            ? [.. _endpoints.CreateInstances(resource).Select(i => new ProcessAgent(i, recipe, context))]
            : [new PassiveAgent(new ResourceInstance(resource, resource.Name, new Dictionary<EndpointAnnotation, int>()), context)];

    [LoggerMessage(LogLevel.Information, "Distributed application starting.")]
    private static partial void LogStarting(ILogger logger);

    [LoggerMessage(LogLevel.Information, "Started in {Seconds:0.0} s.{Urls}\nDistributed application started. Press Ctrl+C to shut down.")]
    private static partial void LogStarted(ILogger logger, double seconds, string urls);

    [LoggerMessage(LogLevel.Information, "The data of this run is kept in {Directory}.")]
    private static partial void LogKept(ILogger logger, string directory);
}
