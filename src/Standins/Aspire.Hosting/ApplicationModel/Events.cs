using Standins.Aspire.Hosting.Eventing;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>The application is about to start: nothing has a port yet, and the model may still be changed.</summary>
public class BeforeStartEvent(IServiceProvider services, DistributedApplicationModel model) : IDistributedApplicationEvent
{
    /// <summary>The services of the app host.</summary>
    public IServiceProvider Services { get; } = services;

    /// <summary>The resources.</summary>
    public DistributedApplicationModel Model { get; } = model;
}

/// <summary>What a resource waits for is there; its process is about to start. Once for each replica, and for each start.</summary>
public class BeforeResourceStartedEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc />
    public IResource Resource { get; } = resource;

    /// <summary>The services of the app host.</summary>
    public IServiceProvider Services { get; } = services;
}

/// <summary>A resource runs and is healthy, with all its replicas. What waits for it starts when every callback has ended.</summary>
public class ResourceReadyEvent(IResource resource, IServiceProvider services) : IDistributedApplicationResourceEvent
{
    /// <inheritdoc />
    public IResource Resource { get; } = resource;

    /// <summary>The services of the app host.</summary>
    public IServiceProvider Services { get; } = services;
}
