using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace Lab.Running;

/// <summary>One instance of a service.</summary>
/// <param name="Id">Its id in the app host.</param>
/// <param name="ProcessId">The number of its process.</param>
/// <param name="Address">Where it listens itself, past the proxy that all instances share.</param>
internal sealed record Replica(string Id, int ProcessId, Uri Address)
{
    /// <summary>Ends it as <c>kill -9</c> does; the app host starts it again.</summary>
    public void Kill()
    {
        using var process = Process.GetProcessById(ProcessId);
        process.Kill();
    }

    /// <summary>Stops it without ending it, as <c>kill -STOP</c> does.</summary>
    public Task PauseAsync(CancellationToken cancellationToken) => SignalAsync("STOP", cancellationToken);

    /// <summary>Lets it go on.</summary>
    public Task ResumeAsync(CancellationToken cancellationToken) => SignalAsync("CONT", cancellationToken);

    private async Task SignalAsync(string signal, CancellationToken cancellationToken)
    {
        using var kill = Process.Start("kill", [$"-{signal}", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(cancellationToken);
        if (kill.ExitCode != 0) throw new LabException($"{Id} could not be sent {signal}: it has ended");
    }
}

/// <summary>Knows the instances of the services as they come and go.</summary>
internal sealed class RunningReplicas : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (string Service, Replica? Replica)> _replicas = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    public RunningReplicas(ResourceNotificationService notifications) => _watching = WatchAsync(notifications);

    /// <summary>The instances of a service that run now, in the order of their ids.</summary>
    public IReadOnlyList<Replica> Of(string service) =>
    [
        .. _replicas.Values.Where(known => known.Service == service).Select(known => known.Replica)
            .OfType<Replica>().OrderBy(replica => replica.Id, StringComparer.Ordinal),
    ];

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _watching;
        _stopping.Dispose();
    }

    private async Task WatchAsync(ResourceNotificationService notifications)
    {
        try
        {
            await foreach (var change in notifications.WatchAsync(_stopping.Token))
                _replicas[change.ResourceId] = (change.Resource.Name, Find(change));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private static Replica? Find(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        var id = snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
        var address = snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "ASPNETCORE_URLS")?.Value;
        return snapshot.State?.Text == KnownResourceStates.Running && id is not null && address is not null
            ? new Replica(change.ResourceId, Convert.ToInt32(id, CultureInfo.InvariantCulture), new Uri(address.Split(';')[0]))
            : null;
    }
}
