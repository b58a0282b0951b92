using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Standins.Aspire.Hosting.ApplicationModel;
using Standins.Aspire.Hosting.Eventing;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Brings one instance of a resource up, keeps it up, and takes it down.</summary>
internal interface IAgent : IDisposable
{
    ResourceInstance Instance { get; }

    /// <summary>Begins to bring the instance up; does not wait.</summary>
    void Start();

    /// <summary>Ends when the instance is up: running and healthy, or, if it is a job, started.</summary>
    /// <exception cref="DistributedApplicationException">It did not come up.</exception>
    Task Up { get; }

    /// <summary>Takes the instance down.</summary>
    /// <param name="discard">Whether nobody will read its data any more.</param>
    /// <param name="kill">Turns asking into killing.</param>
    Task StopAsync(bool discard, CancellationToken kill);
}

/// <summary>What all agents of a run share.</summary>
internal sealed record AgentContext(
    RunDirectory Directory,
    Watchdog Watchdog,
    StandinOptions Options,
    IConfiguration Configuration,
    DistributedApplicationExecutionContext ExecutionContext,
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
