namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>Lets a resource wait for what it depends on, for a bounded time.</summary>
internal sealed class DependencyWaiter(
    ResourceNotificationService notifications, ResourceLoggerService logs, IOptions<StandinOptions> options, TimeProvider time)
{
    /// <summary>Waits for everything the resource is to wait for.</summary>
    public Task WaitAsync(ResourceInstance instance, CancellationToken cancellationToken) =>
        Task.WhenAll(instance.Resource.Annotations.OfType<WaitAnnotation>().Select(wait => WaitAsync(instance, wait, cancellationToken)));

    /// <summary>Waits until an instance that is Running is healthy.</summary>
    public async Task WaitUntilHealthyAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            await LimitAsync(
                token => notifications.WaitForResourceAsync(
                    instance.Resource.Name, e => e.ResourceId == instance.Id && e.Snapshot.HealthStatus == HealthStatus.Healthy, token),
                cancellationToken);
        }
        catch (TimeoutException timeout)
        {
            throw new DistributedApplicationException($"'{instance.Name}' is not healthy after {Seconds}: {Describe(instance.Resource)}.", timeout);
        }
    }

    private string Seconds => $"{options.Value.WaitTimeout.TotalSeconds:0.#} s";

    private async Task WaitAsync(ResourceInstance instance, WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var name = wait.Resource.Name;
        var aim = wait.WaitType switch
        {
            WaitType.WaitForCompletion => "to complete",
            WaitType.WaitUntilStarted => "to enter the 'Running' state",
            _ => "to become healthy",
        };
        logs.WriteSystem(instance, $"Waiting for resource '{name}' {aim}.");
        try
        {
            var reached = await LimitAsync(token => notifications.WaitForAllAsync(name, s => IsReached(wait.WaitType, s), token), cancellationToken);
            foreach (var dependency in reached)
                Judge(instance, wait, dependency.Snapshot);
        }
        catch (TimeoutException timeout)
        {
            throw new DistributedApplicationException($"'{instance.Name}' waited {Seconds} for '{name}' {aim}: {Describe(wait.Resource)}.", timeout);
        }

        logs.WriteSystem(instance, $"Finished waiting for resource '{name}'.");
    }

    private static bool IsReached(WaitType type, CustomResourceSnapshot snapshot) => type switch
    {
        WaitType.WaitUntilHealthy => snapshot.IsReady,
        WaitType.WaitUntilStarted => snapshot.State?.Text == KnownResourceStates.Running,
        _ => ResourceNotificationService.HasEnded(snapshot),
    };

    private static void Judge(ResourceInstance instance, WaitAnnotation wait, CustomResourceSnapshot reached)
    {
        var prefix = $"'{instance.Name}' cannot start: its dependency '{wait.Resource.Name}'";
        if (reached.State?.Text == KnownResourceStates.FailedToStart)
            throw new DistributedApplicationException($"{prefix} failed to start.");
        if (reached.State?.Text != KnownResourceStates.Finished)
            return;
        if (wait.WaitType != WaitType.WaitForCompletion)
            throw new DistributedApplicationException($"{prefix} has entered the 'Finished' state prematurely.");
        if (reached.ExitCode is { } code && code != wait.ExitCode)
            throw new DistributedApplicationException($"{prefix} ended with exit code {code}, not {wait.ExitCode}.");
    }

    private async Task<T> LimitAsync<T>(Func<CancellationToken, Task<T>> wait, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.Value.WaitTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            return await wait(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    private string Describe(IResource resource)
    {
        if (notifications.Of(resource.Name) is not [_, ..] all)
            return "it has not begun to start";

        var late = all.Find(e => !e.Snapshot.IsReady) ?? all[0];
        var failing = late.Snapshot.HealthReports.FirstOrDefault(r => r.Status != HealthStatus.Healthy);
        var state = $"{(all.Count > 1 ? late.ResourceId : "it")} is in the state {late.Snapshot.State?.Text}";
        return failing is null || late.Snapshot.HealthStatus is null
            ? state
            : $"{state}, and {failing.Name} says: {failing.Description ?? failing.ExceptionText ?? "nothing yet"}";
    }
}
