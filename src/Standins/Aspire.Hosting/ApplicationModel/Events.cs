namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>The application is about to start: nothing has a port yet, and the model may still be changed.</summary>
public sealed record BeforeStartEvent(IServiceProvider Services, DistributedApplicationModel Model) : IDistributedApplicationEvent;

/// <summary>A resource runs and is healthy, with all its replicas. What waits for it starts when every callback has ended.</summary>
public sealed record ResourceReadyEvent(IResource Resource, IServiceProvider Services) : IDistributedApplicationResourceEvent;
