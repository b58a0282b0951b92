using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>Knows the state of every resource and tells who wants to know. Thread safe.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Channel<ResourceEvent>> _watchers = [];

    internal ResourceNotificationService()
    {
    }

    /// <summary>Waits until a resource is in a state.</summary>
    /// <param name="resourceName">The name of the resource.</param>
    /// <param name="targetState">The state; Running by default.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>A task that ends when the resource is in the state.</returns>
    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits until a resource is in one of several states.</summary>
    /// <param name="resourceName">The name of the resource.</param>
    /// <param name="targetStates">The states.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The state it is in.</returns>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var found = await WaitForResourceAsync(resourceName, e => e.Snapshot.State is { } state && states.Contains(state.Text), cancellationToken);
        return found.Snapshot.State!.Text;
    }

    /// <summary>Waits until a resource is as asked for.</summary>
    /// <param name="resourceName">The name of the resource.</param>
    /// <param name="predicate">Says whether it is.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is known of the resource then.</returns>
    public async Task<ResourceEvent> WaitForResourceAsync(
        string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (change.Resource.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase) && predicate(change))
                return change;
        }

        throw new OperationCanceledException(cancellationToken);
    }

    /// <summary>Waits until a resource runs and is healthy.</summary>
    /// <param name="resourceName">The name of the resource.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>What is known of the resource then.</returns>
    /// <exception cref="DistributedApplicationException">The resource failed to start or ended.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var found = await WaitForResourceAsync(
            resourceName,
            e => e.Snapshot.HealthStatus == HealthStatus.Healthy || HasEnded(e.Snapshot),
            cancellationToken);
        return HasEnded(found.Snapshot)
            ? throw new DistributedApplicationException($"'{resourceName}' cannot become healthy: it is in the state {found.Snapshot.State?.Text}.")
            : found;
    }

    /// <summary>What is known of a resource now.</summary>
    /// <param name="resourceId">The name of the resource or the id of its instance.</param>
    /// <param name="resourceEvent">What is known.</param>
    /// <returns>Whether there is such a resource.</returns>
    public bool TryGetCurrentState(string resourceId, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            return _current.TryGetValue(resourceId, out resourceEvent)
                || (resourceEvent = _current.Values.FirstOrDefault(e => e.ResourceId.Equals(resourceId, StringComparison.OrdinalIgnoreCase))) is not null;
        }
    }

    /// <summary>All that is known now, then every change.</summary>
    /// <param name="cancellationToken">Ends the stream by an exception.</param>
    /// <returns>An endless stream.</returns>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var changes = Channel.CreateUnbounded<ResourceEvent>(new UnboundedChannelOptions { SingleReader = true });
        lock (_lock)
        {
            foreach (var current in _current.Values)
                changes.Writer.TryWrite(current);
            _watchers.Add(changes);
        }

        try
        {
            await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken))
                yield return change;
        }
        finally
        {
            lock (_lock)
                _watchers.Remove(changes);
        }
    }

    internal static bool HasEnded(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state && (state == KnownResourceStates.FailedToStart || state == KnownResourceStates.Finished);

    internal void Publish(IResource resource, string instanceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            var previous = _current.TryGetValue(resource.Name, out var known)
                ? known.Snapshot
                : new CustomResourceSnapshot { ResourceType = resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal) };
            var change = new ResourceEvent(resource, instanceId, stateFactory(previous));
            _current[resource.Name] = change;
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(change);
        }
    }
}
