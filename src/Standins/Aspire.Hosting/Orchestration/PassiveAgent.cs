namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>A resource without a process: a database, a parameter, a server that runs elsewhere. It runs, and has its health.</summary>
internal sealed class PassiveAgent(ResourceInstance instance, AgentContext context) : IAgent
{
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public ResourceInstance Instance => instance;
    public Task Up => _up.Task;

    public void Start() => _run = RunAsync(_stop.Token);

    public async Task StopAsync(bool discard, CancellationToken kill)
    {
        await _stop.CancelAsync();
        await _run;
        Publish(KnownResourceStates.Finished);
    }

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync(CancellationToken stop)
    {
        try
        {
            Publish(KnownResourceStates.Waiting);
            await context.Waiter.WaitAsync(instance, stop);
            foreach (var step in instance.Resource.Annotations.OfType<InitializeAnnotation>())
                await step.InitializeAsync(stop);
            context.Notifications.Publish(instance, s => s with
            {
                State = KnownResourceStates.Running,
                StartTimeStamp = context.Time.GetUtcNow().UtcDateTime,
                HealthReports = ResourceHealth.Unknown(instance.Resource),
            });
            var health = context.Health.MonitorAsync(instance, stop);
            await context.Waiter.WaitUntilHealthyAsync(instance, stop);
            await context.ReadinessOf(instance.Resource).EnterAsync(instance, stop);
            _up.TrySetResult();
            await health;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            _up.TrySetCanceled(stop);
        }
        catch (Exception failure)
        {
            Publish(KnownResourceStates.FailedToStart);
            _up.TrySetException(failure as DistributedApplicationException
                ?? new DistributedApplicationException($"'{instance.Name}' failed to start: {failure.Message}", failure));
        }
    }

    private void Publish(string state) => context.Notifications.Publish(instance, s => s with { State = state });
}
