namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>A replica that is a process: waits, starts it, watches it, starts it again after a crash, stops it with all it started.</summary>
internal sealed partial class ProcessAgent(ResourceInstance instance, ProcessAnnotation recipe, AgentContext context) : IAgent
{
    private const int TailLines = 20;

    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Stable = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim _commands = new(1);
    private TaskCompletionSource _up = NewUp();
    private CancellationTokenSource _stop = new();
    private CancellationToken _kill;
    private bool _discard;
    private volatile bool _isOver;
    private Task _run = Task.CompletedTask;

    public ResourceInstance Instance => instance;
    public Task Up => _up.Task;

    public void Start() => _run = RunAsync(skipWaits: false, _up, _stop.Token);

    public Task StopAsync(bool discard, CancellationToken kill)
    {
        _isOver = true;
        return StopForNowAsync(discard, kill);
    }

    /// <summary>Takes the instance down until it is started again.</summary>
    public async Task StopForNowAsync(bool discard, CancellationToken kill)
    {
        await _commands.WaitAsync(CancellationToken.None);
        try
        {
            (_discard, _kill) = (discard, kill);
            await _stop.CancelAsync();
            await _run;
        }
        finally
        {
            _commands.Release();
        }
    }

    /// <summary>Starts the process without waiting for what it depends on; does nothing while it runs.</summary>
    public async Task StartAgainAsync(CancellationToken cancellationToken)
    {
        if (!recipe.Restartable)
            throw new DistributedApplicationException($"'{instance.Name}' cannot be started again: what it held was in memory.");

        ThrowIfOver();
        await _commands.WaitAsync(cancellationToken);
        try
        {
            ThrowIfOver();
            if (_run.IsCompleted)
            {
                _up = NewUp();
                _stop.Dispose();
                _stop = new CancellationTokenSource();
                _run = RunAsync(skipWaits: true, _up, _stop.Token);
            }

            // Running is enough: whoever needs it healthy waits for that.
            using var watch = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            var running = context.Notifications.WaitForResourceAsync(
                instance.Resource.Name, e => e.ResourceId == instance.Id && e.Snapshot.State?.Text == KnownResourceStates.Running, watch.Token);
            if (await Task.WhenAny(running, _run) == running)
            {
                await running;
                return;
            }

            await watch.CancelAsync();
            await _up.Task;
        }
        finally
        {
            _commands.Release();
        }
    }

    public void Dispose()
    {
        _stop.Dispose();
        _commands.Dispose();
    }

    private void ThrowIfOver()
    {
        if (_isOver)
            throw new DistributedApplicationException($"'{instance.Name}' cannot be started again: the application stops.");
    }

    private static TaskCompletionSource NewUp() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync(bool skipWaits, TaskCompletionSource up, CancellationToken stop)
    {
        try
        {
            Publish(s => s with { State = KnownResourceStates.Starting, ExitCode = null, StopTimeStamp = null, IsAnnounced = false });
            if (!skipWaits && instance.Resource.Annotations.OfType<WaitAnnotation>().Any())
            {
                Publish(s => s with { State = KnownResourceStates.Waiting });
                await context.Waiter.WaitAsync(instance, stop);
                Publish(s => s with { State = KnownResourceStates.Starting });
            }

            await KeepRunningAsync(up, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            PublishEnd(KnownResourceStates.Finished, exitCode: null);
            up.TrySetCanceled(stop);
        }
        catch (Exception failure)
        {
            var reason = failure as DistributedApplicationException
                ?? new DistributedApplicationException($"'{instance.Name}' failed to start: {failure.Message}", failure);
            context.Logs.WriteSystem(instance, reason.Message);
            PublishEnd(KnownResourceStates.FailedToStart, exitCode: null);
            if (!up.TrySetException(reason))
                LogLost(context.Logger, instance.Name, reason.Message);
        }
        finally
        {
            context.ReadinessOf(instance.Resource).Leave(instance);
        }
    }

    private async Task KeepRunningAsync(TaskCompletionSource up, CancellationToken stop)
    {
        for (var crashes = 0; ; crashes++)
        {
            var begin = context.Time.GetTimestamp();
            var exitCode = await RunOnceAsync(up, stop);
            if (!IsCrash(exitCode))
            {
                PublishEnd(KnownResourceStates.Finished, exitCode);
                if (IsService())
                    LogEnd(context.Logger, instance.Name, exitCode, Tail());
                return;
            }

            if (context.Time.GetElapsedTime(begin) > Stable)
                crashes = 0;
            var pause = TimeSpan.FromMilliseconds(Math.Min(200 * Math.Pow(2, crashes), LongestPause.TotalMilliseconds));
            PublishEnd(KnownResourceStates.Exited, exitCode);
            LogCrash(context.Logger, instance.Name, exitCode, pause.TotalSeconds, Tail());
            await Task.Delay(pause, context.Time, stop);
            Publish(s => s with { State = KnownResourceStates.Starting });
        }
    }

    private bool IsCrash(int exitCode) => context.Options.RestartCrashed && recipe.Restartable
        && !(context.IsJob(instance.Resource) || (exitCode == 0 && !IsService()));

    // Something that listens or has a health check is meant to stay, whatever code it exits with.
    private bool IsService() => instance.Resource.Annotations.Any(a => a is EndpointAnnotation or HealthCheckAnnotation);

    private async Task<int> RunOnceAsync(TaskCompletionSource up, CancellationToken stop)
    {
        var spec = await recipe.PrepareAsync(new ProcessContext(context, instance, stop));
        stop.ThrowIfCancellationRequested();
        using var child = ChildProcess.Start(spec, context.Watchdog, context.Time, (line, isError) => context.Logs.Write(instance, line, isError));
        using var running = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var health = Task.CompletedTask;
        context.Endpoints.Open(instance);
        try
        {
            PublishRunning(child.Id, spec);
            health = context.Health.MonitorAsync(instance, running.Token);
            var exit = child.WaitForExitAsync(stop);
            if (!up.Task.IsCompleted)
                await ComeUpAsync(exit, up, running.Token);
            return await exit;
        }
        finally
        {
            context.Endpoints.Close(instance);
            if (stop.IsCancellationRequested)
                Publish(s => s with { State = KnownResourceStates.Stopping });
            await running.CancelAsync();
            await health;
            var clock = context.Time.GetTimestamp();
            if (!await child.EndAsync(context.Options.StopTimeout, _kill, _discard))
                LogKill(context.Logger, instance.Name, context.Time.GetElapsedTime(clock).TotalSeconds);
        }
    }

    private async Task ComeUpAsync(Task<int> exit, TaskCompletionSource up, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var healthy = context.Waiter.WaitUntilHealthyAsync(instance, waiting.Token);
        if (await Task.WhenAny(healthy, exit) == exit && exit.IsCompletedSuccessfully && !healthy.IsCompletedSuccessfully)
        {
            await waiting.CancelAsync();
            await Task.WhenAny(healthy);
            throw new DistributedApplicationException(
                $"'{instance.Name}' exited with code {await exit} before it was healthy.",
                new DistributedApplicationException($"Its last lines:{Tail()}"));
        }

        await healthy;
        await context.ReadinessOf(instance.Resource).EnterAsync(instance, cancellationToken);
        up.TrySetResult();
    }

    private string Tail() => string.Concat(context.Logs.Tail(instance, TailLines).Select(line => Environment.NewLine + "    " + line));

    private void PublishRunning(int processId, ProcessSpec spec)
    {
        var endpoints = instance.Resource.Annotations.OfType<EndpointAnnotation>().Where(e => e.AllocatedEndpoint is not null);
        Publish(s => s with
        {
            State = KnownResourceStates.Running,
            ExitCode = null,
            Properties = [new ResourcePropertySnapshot("executable.pid", processId)],
            EnvironmentVariables = [.. (spec.Environment ?? new Dictionary<string, string>()).Select(v => new EnvironmentVariableSnapshot(v.Key, v.Value, IsFromSpec: true))],
            StartTimeStamp = context.Time.GetUtcNow().UtcDateTime,
            StopTimeStamp = null,
            Urls = [.. endpoints.Select(e => new UrlSnapshot(e.Name, e.AllocatedEndpoint!.UriString, e.IsInternal))],
            HealthReports = ResourceHealth.Unknown(instance.Resource),
        });
    }

    private void PublishEnd(string state, int? exitCode) =>
        Publish(s => s with { State = state, ExitCode = exitCode, Properties = [], StopTimeStamp = context.Time.GetUtcNow().UtcDateTime });

    private void Publish(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => context.Notifications.Publish(instance, change);

    [LoggerMessage(LogLevel.Warning, "{Resource} exited unexpectedly with code {ExitCode}; starting it again in {Seconds} s. Its last lines:{Tail}")]
    private static partial void LogCrash(ILogger logger, string resource, int exitCode, double seconds, string tail);

    [LoggerMessage(LogLevel.Error, "{Resource} ended with code {ExitCode} and is not started again. Its last lines:{Tail}")]
    private static partial void LogEnd(ILogger logger, string resource, int exitCode, string tail);

    [LoggerMessage(LogLevel.Warning, "{Resource} did not stop within {Seconds:0.0} s and was killed.")]
    private static partial void LogKill(ILogger logger, string resource, double seconds);

    [LoggerMessage(LogLevel.Error, "{Resource} cannot be started again: {Reason}")]
    private static partial void LogLost(ILogger logger, string resource, string reason);
}
