using Lab.Placing;
using Spectre.Console;

namespace Lab.Demo;

/// <summary>Shows progress: bars on a terminal, plain lines in a file or a pipe.</summary>
internal sealed class ProgressDisplay(IAnsiConsole console, TimeProvider clock)
{
    private static readonly TimeSpan Refresh = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LineEvery = TimeSpan.FromSeconds(2);

    private bool IsLive => console.Profile.Capabilities.Interactive && console.Profile.Out.IsTerminal;

    /// <summary>Says what is being waited for while <paramref name="work"/> runs.</summary>
    public async Task<T> WaitForAsync<T>(string what, Func<Task<T>> work)
    {
        if (IsLive) return await console.Status().StartAsync(Markup.Escape(what), _ => work());
        console.WriteLine(what);
        return await work();
    }

    /// <summary>Shows placed and ended orders while <paramref name="work"/> runs.</summary>
    public Task<T> FollowAsync<T>(OrderProgress progress, Func<Task<T>> work) =>
        IsLive ? FollowLiveAsync(progress, work) : FollowInLinesAsync(progress, work);

    private Task<T> FollowLiveAsync<T>(OrderProgress progress, Func<Task<T>> work) => console.Progress()
        .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
        .StartAsync(async bars =>
        {
            var placed = bars.AddTask("orders placed", maxValue: progress.Orders);
            var ended = bars.AddTask("orders ended", maxValue: progress.Orders);
            var running = work();
            while (await IsRunningAsync(running, Refresh))
            {
                placed.Value = progress.Placed;
                ended.Value = progress.Ended;
            }

            (placed.Value, ended.Value) = (progress.Placed, progress.Ended);
            return await running;
        });

    private async Task<T> FollowInLinesAsync<T>(OrderProgress progress, Func<Task<T>> work)
    {
        var running = work();
        while (await IsRunningAsync(running, LineEvery)) WriteLine(progress);
        WriteLine(progress);
        return await running;
    }

    private void WriteLine(OrderProgress progress) =>
        console.WriteLine($"{progress.Placed} of {progress.Orders} orders placed, {progress.Ended} ended");

    private async Task<bool> IsRunningAsync(Task work, TimeSpan wait)
    {
        await Task.WhenAny(work, Task.Delay(wait, clock));
        return !work.IsCompleted;
    }
}
