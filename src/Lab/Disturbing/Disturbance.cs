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
    public async Task<IReadOnlyList<string>> RunAsync(CancellationToken cancellationToken)
    {
        await WaitAsync(progress.Orders / 3, cancellationToken);
        var killed = system.Replicas(Service)[0];
        killed.Kill();
        Tell($"killed {killed.Id}");

        await WaitAsync(progress.Orders / 2, cancellationToken);
        var paused = system.Replicas(Service) is [.., var other] ? other : throw new LabException($"no instance of {Service} runs");
        await paused.PauseAsync(cancellationToken);
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

    private async Task WaitAsync(int ended, CancellationToken cancellationToken)
    {
        while (progress.Ended < ended) await Task.Delay(Look, clock, cancellationToken);
    }
}
