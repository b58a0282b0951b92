namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Brings one instance of a resource up, keeps it up, and takes it down.</summary>
internal interface IAgent : IDisposable
{
    ResourceInstance Instance { get; }

    /// <summary>Begins to bring the instance up; does not wait.</summary>
    void Start();

    /// <summary>Ends when the instance is up: running and healthy, or, if it is a job, started.</summary>
    Task Up { get; }

    /// <summary>Takes the instance down for good.</summary>
    Task StopAsync(bool discard, CancellationToken kill);
}

/// <summary>What all agents of a run share.</summary>
internal sealed record AgentContext(
    RunDirectory Directory,
    Watchdog Watchdog,
    StandinOptions Options,
    IConfiguration Configuration,
    ResourceNotificationService Notifications,
    ResourceLoggerService Logs,
    ResourceHealth Health,
    DependencyWaiter Waiter,
    EndpointAllocator Endpoints,
    IDistributedApplicationEventing Eventing,
    IServiceProvider Services,
    ILogger Logger,
    TimeProvider Time,
    Func<IResource, bool> IsJob,
    Func<IResource, ResourceReadiness> ReadinessOf);
