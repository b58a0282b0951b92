namespace Standins.Aspire.Hosting;

/// <summary>
/// A distributed application on this machine: every resource a process, or a server that runs elsewhere. Disposing it stops
/// everything.
/// </summary>
public sealed class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly Orchestrator _orchestrator;

    internal DistributedApplication(IHost host) => (_host, _orchestrator) = (host, host.Services.GetRequiredService<Orchestrator>());

    /// <inheritdoc />
    public IServiceProvider Services => _host.Services;

    /// <summary>Knows the state of every resource.</summary>
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();

    /// <summary>Starts, stops and restarts single resources.</summary>
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    /// <summary>Begins to describe an application without command line arguments.</summary>
    public static IDistributedApplicationBuilder CreateBuilder() => CreateBuilder([]);

    /// <summary>Begins to describe an application; the arguments become configuration (<c>--key value</c>).</summary>
    public static IDistributedApplicationBuilder CreateBuilder(string[] args)
    {
        ArgumentNullException.ThrowIfNull(args);
        if (EntryPointInterception.Current is { } interception)
            return interception.CreateBuilder(args);

        AppDomain.CurrentDomain.UnhandledException += static (_, failure) => ExitReadably(failure.ExceptionObject);
        return new DistributedApplicationBuilder(args, Assembly.GetEntryAssembly(), console: true);
    }

    /// <summary>Starts every resource in the order of its waits.</summary>
    /// <exception cref="DistributedApplicationException">A resource did not come up; everything has been stopped.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _host.StartAsync(cancellationToken);
        try
        {
            await _orchestrator.StartAsync(cancellationToken);
        }
        catch
        {
            await _orchestrator.StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Stops every resource, those that need others first.</summary>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        await _orchestrator.StopAsync(cancellationToken);
        await _host.StopAsync(CancellationToken.None);
    }

    /// <summary>Starts the application, waits for SIGINT, SIGTERM or the token, and stops it; a second SIGINT ends at once.</summary>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        var lifetime = Services.GetRequiredService<IHostApplicationLifetime>();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(lifetime.ApplicationStopping, cancellationToken);
        using var interrupt = ExitOnSecondInterrupt();
        using var parent = ParentGuard.StopWithParent(lifetime);
        DistributedApplicationException? failed = null;
        try
        {
            await StartAsync(stopping.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Asked to stop: the way every run ends.
        }
        catch (DistributedApplicationException failure)
        {
            failed = failure;
            Environment.ExitCode = 1;
        }

        await StopAsync(CancellationToken.None);
        await DisposeAsync();
        if (failed is not null)
            await Console.Error.WriteLineAsync(failed.Message);
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _orchestrator.DisposeAsync();
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }

    /// <summary>Stops everything without waiting for it; <see cref="DisposeAsync" /> waits.</summary>
    public void Dispose() => _ = DisposeAsync().AsTask();

    // What is wrong with the description itself is thrown in Main, where nobody catches it.
    private static void ExitReadably(object failure)
    {
        if (failure is not DistributedApplicationException readable)
            return;

        Console.Error.WriteLine(readable.Message);
        Environment.Exit(1);
    }

    private static PosixSignalRegistration ExitOnSecondInterrupt()
    {
        var interrupts = 0;
        return PosixSignalRegistration.Create(PosixSignal.SIGINT, _ =>
        {
            // The watchdog kills what is left.
            if (Interlocked.Increment(ref interrupts) > 1)
                Environment.Exit(130);
        });
    }
}
