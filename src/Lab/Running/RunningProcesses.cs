using System.Collections.Concurrent;
using System.Globalization;

namespace Lab.Running;

/// <summary>Knows the processes of the system as they come and go.</summary>
internal sealed class RunningProcesses : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, (string Resource, RunningProcess? Process)> _processes = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _watching;

    public RunningProcesses(ResourceNotificationService notifications) => _watching = WatchAsync(notifications);

    /// <summary>
    /// The processes of a service or a server that run now, in the order of their ids. None for what runs elsewhere, or in a container.
    /// </summary>
    public IReadOnlyList<RunningProcess> Of(string resource) =>
    [
        .. _processes.Values.Where(known => known.Resource == resource).Select(known => known.Process)
            .OfType<RunningProcess>().OrderBy(process => process.Id, StringComparer.Ordinal),
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
                _processes[change.ResourceId] = (change.Resource.Name, Find(change));
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private static RunningProcess? Find(ResourceEvent change)
    {
        var snapshot = change.Snapshot;
        var number = snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
        if (snapshot.State?.Text != KnownResourceStates.Running || number is null) return null;
        var id = Convert.ToInt32(number, CultureInfo.InvariantCulture);
        var address = snapshot.EnvironmentVariables.FirstOrDefault(variable => variable.Name == "ASPNETCORE_URLS")?.Value;
        return address is null ? new RunningProcess(change.ResourceId, id) : new Replica(change.ResourceId, id, new Uri(address.Split(';')[0]));
    }
}
