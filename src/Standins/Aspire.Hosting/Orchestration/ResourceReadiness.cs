namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Says that a resource is ready each time the last of its replicas has become healthy. Thread safe.</summary>
internal sealed class ResourceReadiness(int replicas, AgentContext context)
{
    private readonly Lock _lock = new();
    private readonly HashSet<ResourceInstance> _healthy = [];

    /// <summary>A replica is healthy. For the last one, it takes as long as the callbacks of the event.</summary>
    public async Task EnterAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (!_healthy.Add(instance) || _healthy.Count < replicas)
                return;
        }

        try
        {
            await context.Eventing.PublishAsync(new ResourceReadyEvent(instance.Resource, context.Services), cancellationToken);
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
        {
            throw new DistributedApplicationException($"What is to happen when '{instance.Resource.Name}' is ready failed: {failure.Message}", failure);
        }

        lock (_lock)
        {
            foreach (var ready in _healthy)
                context.Notifications.Publish(ready, s => s with { IsAnnounced = true });
        }
    }

    /// <summary>A replica has ended for good, or until somebody starts it again.</summary>
    public void Leave(ResourceInstance instance)
    {
        lock (_lock)
            _healthy.Remove(instance);
    }
}
