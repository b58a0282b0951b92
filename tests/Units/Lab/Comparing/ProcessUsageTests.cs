using System.Diagnostics;
using Lab.Benching;
using Lab.Comparing.Measuring;

namespace Units.Lab.Comparing;

public sealed class ProcessUsageTests
{
    private static readonly ProcessStat Parent = new(10, 1, 5, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2));

    [Fact]
    public void A_family_is_a_process_its_children_and_theirs()
    {
        ProcessStat[] all =
        [
            Parent, Parent with { Id = 11, Parent = 10 }, Parent with { Id = 12, Parent = 11 }, Parent with { Id = 13, Parent = 1 }, Parent with { Id = 1, Parent = 0 },
        ];

        ProcessFamily.Of(Parent, all.ToDictionary(process => process.Id)).Select(process => process.Id).ShouldBe([10, 11, 12]);
    }

    [Fact]
    public async Task What_a_process_used_while_it_was_watched_is_told()
    {
        if (!OperatingSystem.IsLinux()) return;
        await using var usage = ProcessUsage.Start([WatchedProcess.Lab, new WatchedProcess("nobody", () => [])]);

        Burn(TimeSpan.FromMilliseconds(300));
        var used = (await usage.StopAsync()).ShouldHaveSingleItem();

        used.Name.ShouldBe("lab");
        used.ProcessorSeconds.ShouldBeGreaterThanOrEqualTo(0.28);
        used.PeakMiB.ShouldBeGreaterThan(10);
    }

    [Fact]
    public async Task A_process_that_takes_the_place_of_another_counts_from_its_own_beginning()
    {
        if (!OperatingSystem.IsLinux()) return;
        var ids = new[] { Environment.ProcessId };
        await using var usage = ProcessUsage.Start([new WatchedProcess("shell", () => ids, WithChildren: false)]);
        using var shell = Process.Start("sh", ["-c", "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 60"]);
        try
        {
            ids = [shell.Id];
            while (ProcessFamily.ReadAll()[shell.Id].Time < TimeSpan.FromMilliseconds(50)) await Task.Delay(20, TestContext.Current.CancellationToken);

            (await usage.StopAsync()).ShouldHaveSingleItem().ProcessorSeconds.ShouldBeGreaterThanOrEqualTo(0.05);
        }
        finally
        {
            shell.Kill();
        }
    }

    [Fact]
    public async Task What_goes_wrong_while_looking_is_told_at_the_end()
    {
        if (!OperatingSystem.IsLinux()) return;
        var looks = 0;
        await using var usage = ProcessUsage.Start([new WatchedProcess("gone", () => looks++ == 0 ? [] : throw new InvalidOperationException("it is gone"))]);

        await Should.ThrowAsync<InvalidOperationException>(usage.StopAsync);
    }

    // Of the test itself: nothing else is sure to use a processor.
    private static void Burn(TimeSpan duration)
    {
        var began = Environment.CpuUsage.TotalTime;
        SpinWait.SpinUntil(() => Environment.CpuUsage.TotalTime - began > duration);
    }
}
