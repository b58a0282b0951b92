using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>Knows the state of every instance of every resource and tells who wants to know. Thread safe.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<Channel<ResourceEvent>> _watchers = [];

    internal ResourceNotificationService()
    {
    }

    /// <summary>Waits until a resource, or one of its replicas, is as asked for.</summary>
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

    /// <summary>Waits until a resource with all its replicas runs and is healthy, and what was to happen then has happened.</summary>
    /// <exception cref="DistributedApplicationException">The resource failed to start or ended.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default)
    {
        var found = await WaitForAllAsync(resourceName, s => s.IsReady, cancellationToken);
        return found.FirstOrDefault(e => HasEnded(e.Snapshot)) is { } ended
            ? throw new DistributedApplicationException($"'{resourceName}' cannot become healthy: it is in the state {ended.Snapshot.State?.Text}.")
            : found[0];
    }

    /// <summary>What is known now of an instance, by its id, or of a resource that has one instance, by its name.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            if (_current.TryGetValue(resourceId, out resourceEvent))
                return true;

            resourceEvent = Of(resourceId) is [var only] ? only : null;
            return resourceEvent is not null;
        }
    }

    /// <summary>All that is known now, then every change; an endless stream that the token ends by an exception.</summary>
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

    /// <summary>Waits until all replicas of a resource are as asked for, or one has ended; the ended ones are among the answer.</summary>
    internal async Task<List<ResourceEvent>> WaitForAllAsync(
        string resourceName, Func<CustomResourceSnapshot, bool> predicate, CancellationToken cancellationToken)
    {
        var latest = new Dictionary<string, ResourceEvent>();
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (!change.Resource.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase))
                continue;

            latest[change.ResourceId] = change;
            var failed = latest.Values.Any(e => HasEnded(e.Snapshot) && !predicate(e.Snapshot));
            if (failed || (latest.Count >= change.Resource.GetReplicaCount() && latest.Values.All(e => predicate(e.Snapshot))))
                return [.. latest.Values];
        }

        throw new OperationCanceledException(cancellationToken);
    }

    internal List<ResourceEvent> Of(string resourceName)
    {
        lock (_lock)
            return [.. _current.Values.Where(e => e.Resource.Name.Equals(resourceName, StringComparison.OrdinalIgnoreCase))];
    }

    internal static bool HasEnded(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text is { } state && (state == KnownResourceStates.FailedToStart || state == KnownResourceStates.Finished);

    internal void Publish(ResourceInstance instance, Func<CustomResourceSnapshot, CustomResourceSnapshot> change)
    {
        lock (_lock)
        {
            var previous = _current.TryGetValue(instance.Id, out var known)
                ? known.Snapshot
                : new CustomResourceSnapshot { ResourceType = instance.Resource.GetType().Name.Replace("Resource", "", StringComparison.Ordinal) };
            var changed = new ResourceEvent(instance.Resource, instance.Id, change(previous));
            _current[instance.Id] = changed;
            foreach (var watcher in _watchers)
                watcher.Writer.TryWrite(changed);
        }
    }
}
