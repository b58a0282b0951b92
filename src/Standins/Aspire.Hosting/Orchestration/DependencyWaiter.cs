using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Standins.Aspire.Hosting.ApplicationModel;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Lets a resource wait for what it depends on, for a bounded time.</summary>
internal sealed class DependencyWaiter(
    ResourceNotificationService notifications, ResourceLoggerService logs, IOptions<StandinOptions> options, TimeProvider time)
{
    /// <summary>Waits for everything the resource is to wait for.</summary>
    /// <exception cref="DistributedApplicationException">Something it waits for failed, ended, or took too long.</exception>
    public Task WaitAsync(IResource resource, CancellationToken cancellationToken) =>
        Task.WhenAll(resource.Annotations.OfType<WaitAnnotation>().Select(wait => WaitAsync(resource, wait, cancellationToken)));

    /// <summary>Waits until a resource that is Running is healthy.</summary>
    /// <exception cref="DistributedApplicationException">It takes too long; the message has what the checks say.</exception>
    public async Task WaitUntilHealthyAsync(IResource resource, CancellationToken cancellationToken)
    {
        try
        {
            await WaitForAsync(resource, e => e.Snapshot.HealthStatus == HealthStatus.Healthy, cancellationToken);
        }
        catch (TimeoutException timeout)
        {
            throw new DistributedApplicationException($"'{resource.Name}' is not healthy after {Seconds}: {Describe(resource)}.", timeout);
        }
    }

    private string Seconds => $"{options.Value.WaitTimeout.TotalSeconds:0.#} s";

    private async Task WaitAsync(IResource resource, WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var name = wait.Resource.Name;
        var aim = wait.WaitType switch
        {
            WaitType.WaitForCompletion => "to complete",
            WaitType.WaitUntilStarted => "to enter the 'Running' state",
            _ => "to become healthy",
        };
        logs.WriteSystem(resource.Name, $"Waiting for resource '{name}' {aim}.");
        CustomResourceSnapshot reached;
        try
        {
            reached = await WaitForAsync(wait.Resource, e => IsOver(wait.WaitType, e.Snapshot), cancellationToken);
        }
        catch (TimeoutException timeout)
        {
            throw new DistributedApplicationException(
                $"'{resource.Name}' waited {Seconds} for '{name}' {aim}: {Describe(wait.Resource)}.", timeout);
        }

        Judge(resource, wait, reached);
        logs.WriteSystem(resource.Name, $"Finished waiting for resource '{name}'.");
    }

    private static bool IsOver(WaitType type, CustomResourceSnapshot snapshot) =>
        ResourceNotificationService.HasEnded(snapshot) || type switch
        {
            WaitType.WaitUntilHealthy => snapshot.HealthStatus == HealthStatus.Healthy,
            WaitType.WaitUntilStarted => snapshot.State?.Text == KnownResourceStates.Running,
            _ => false,
        };

    private static void Judge(IResource resource, WaitAnnotation wait, CustomResourceSnapshot reached)
    {
        var name = wait.Resource.Name;
        if (reached.State?.Text == KnownResourceStates.FailedToStart)
            throw new DistributedApplicationException($"'{resource.Name}' cannot start: its dependency '{name}' failed to start.");
        if (reached.State?.Text != KnownResourceStates.Finished)
            return;
        if (wait.WaitType != WaitType.WaitForCompletion)
            throw new DistributedApplicationException($"'{resource.Name}' cannot start: its dependency '{name}' has entered the 'Finished' state prematurely.");
        if (reached.ExitCode is { } code && code != wait.ExitCode)
            throw new DistributedApplicationException($"'{resource.Name}' cannot start: its dependency '{name}' ended with exit code {code}, not {wait.ExitCode}.");
    }

    private async Task<CustomResourceSnapshot> WaitForAsync(IResource resource, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken)
    {
        // The wait ends with the token it is given, also when the time is over: nothing keeps watching.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var timer = time.CreateTimer(static s => ((CancellationTokenSource)s!).Cancel(), limit, options.Value.WaitTimeout, Timeout.InfiniteTimeSpan);
        try
        {
            return (await notifications.WaitForResourceAsync(resource.Name, predicate, limit.Token)).Snapshot;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private string Describe(IResource resource)
    {
        if (!notifications.TryGetCurrentState(resource.Name, out var known))
            return "it has not begun to start";

        var failing = known.Snapshot.HealthReports.FirstOrDefault(r => r.Status != HealthStatus.Healthy);
        var state = $"it is in the state {known.Snapshot.State?.Text}";
        return failing is null || known.Snapshot.HealthStatus is null
            ? state
            : $"{state}, and {failing.Name} says: {failing.Description ?? failing.ExceptionText ?? "nothing yet"}";
    }
}
