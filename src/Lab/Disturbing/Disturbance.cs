using System.Globalization;
using Lab.Placing;
using Lab.Running;

namespace Lab.Disturbing;

/// <summary>
/// What happens to instances of a service sooner or later: when a third of the orders has ended, one is killed; when the half has,
/// another is paused for longer than it may keep its partitions, and goes on as if nothing had been.
/// </summary>
internal sealed class Disturbance(RunningSystem system, OrderProgress progress, TimeProvider clock)
{
    private const string Service = "inventory";

    private static readonly TimeSpan Sleep = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly List<string> _done = [];

    /// <summary>Disturbs, and says what was done.</summary>
    /// <param name="over">No more orders will end: what has not been done by then stays undone.</param>
    /// <param name="cancellationToken">Ends it at once; whoever is paused goes on.</param>
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken over, CancellationToken cancellationToken)
    {
        if (!await WaitAsync(progress.Orders / 3, over)) return _done;
        var killed = system.Replicas(Service)[0];
        killed.Kill();
        Tell($"killed {killed.Id}");

        if (!await WaitAsync(progress.Orders / 2, over)) return _done;
        var paused = system.Replicas(Service) is [.., var other] ? other : throw new LabException($"no instance of {Service} runs");
        await paused.PauseAsync(CancellationToken.None); // Half-way given up, it would stand still for ever.
        Tell($"paused {paused.Id}");
        try
        {
            await Task.Delay(Sleep, clock, cancellationToken);
        }
        finally
        {
            await paused.ResumeAsync(CancellationToken.None);
        }

        Tell($"resumed {paused.Id}");
        return _done;
    }

    private void Tell(string what) =>
        _done.Add(string.Create(CultureInfo.InvariantCulture, $"{what} after {progress.Ended} of {progress.Orders} orders had ended"));

    private async Task<bool> WaitAsync(int ended, CancellationToken over)
    {
        while (progress.Ended < ended && !over.IsCancellationRequested)
            await Task.Delay(Look, clock, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return progress.Ended >= ended;
    }
}
