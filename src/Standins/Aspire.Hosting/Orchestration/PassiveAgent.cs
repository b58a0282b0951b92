using Standins.Aspire.Hosting.ApplicationModel;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>A resource without a process: a database, a parameter, a server that runs elsewhere. It runs, and has its health.</summary>
internal sealed class PassiveAgent(IResource resource, AgentContext context) : IAgent
{
    private readonly TaskCompletionSource _up = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _stop = new();
    private Task _run = Task.CompletedTask;

    public IResource Resource => resource;

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
            await context.Waiter.WaitAsync(resource, stop);
            foreach (var step in resource.Annotations.OfType<InitializeAnnotation>())
                await step.InitializeAsync(stop);
            context.Notifications.Publish(resource, resource.Name, s => s with
            {
                State = KnownResourceStates.Running,
                StartTimeStamp = context.Time.GetUtcNow().UtcDateTime,
                HealthReports = ResourceHealth.Unknown(resource),
            });
            var health = context.Health.MonitorAsync(resource, stop);
            await context.Waiter.WaitUntilHealthyAsync(resource, stop);
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
                ?? new DistributedApplicationException($"'{resource.Name}' failed to start: {failure.Message}", failure));
        }
    }

    private void Publish(string state) => context.Notifications.Publish(resource, resource.Name, s => s with { State = state });
}
