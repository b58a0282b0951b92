using System.Diagnostics;
using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public sealed class Stopping : IDisposable
{
    private const int Kill = 9;
    private const int Interrupt = 2;
    private const int Terminate = 15;

    private readonly string _temp = Directory.CreateTempSubdirectory("standins-").FullName;

    public Stopping()
    {
        // The servers run as another user when we are root.
        if (!OperatingSystem.IsWindows())
            File.SetUnixFileMode(_temp, (UnixFileMode)0b111_101_101);
    }

    public void Dispose() => Directory.Delete(_temp, recursive: true);

    [Fact]
    public async Task Resources_stop_after_those_that_need_them_and_take_what_they_started_with_them()
    {
        await using var application = await Running.StartAsync(b =>
        {
            var first = b.AddSample("first");
            var second = b.AddSample("second").WithReference(first);
            b.AddSample("third").WaitFor(second);
        });
        var child = int.Parse(await application.PostAsync("first", "/spawn"));
        Processes.IsAlive(child).ShouldBeTrue();

        await application.StopAsync(TestContext.Current.CancellationToken);

        Processes.IsAlive(child).ShouldBeFalse();
        var order = new[] { "third", "second", "first" }.Select(name => application.Now(name).StopTimeStamp.ShouldNotBeNull()).ToArray();
        order.ShouldBeInOrder();
    }

    [Fact]
    public async Task A_process_that_will_not_stop_is_killed()
    {
        await using var application = await Running.StartAsync(
            b => b.AddExecutable("stubborn", "sh", ".", "-c", "trap '' TERM; echo ready; while :; do sleep 1; done"), "--StopTimeout=00:00:00.5");
        var clock = Stopwatch.StartNew();

        await application.StopAsync(TestContext.Current.CancellationToken);

        clock.Elapsed.ShouldBeLessThan(TimeSpan.FromSeconds(10), "the time of those that are not told one");
        application.Now("stubborn").State?.Text.ShouldBe(KnownResourceStates.Finished);
    }

    [Theory]
    [InlineData(Interrupt)]
    [InlineData(Terminate)]
    public async Task An_app_host_that_is_asked_to_stop_leaves_nothing_and_exits_with_0(int signal)
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true");
        await host.WaitUntilStartedAsync(limit.Token);
        Processes.Of(_temp).Count.ShouldBeGreaterThan(5);

        Processes.Kill(host.Id, signal);
        await host.StandardOutput.ReadToEndAsync(limit.Token);
        await host.WaitForExitAsync(limit.Token);

        host.ExitCode.ShouldBe(0, await host.StandardError.ReadToEndAsync(limit.Token));
        Processes.Of(_temp).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_temp).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_survives_a_killed_app_host_for_10_seconds()
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true");
        await host.WaitUntilStartedAsync(limit.Token);
        Processes.Of(_temp).Count.ShouldBeGreaterThan(5);

        Processes.Kill(host.Id, Kill);
        await host.WaitForExitAsync(limit.Token);
        await Processes.EventuallyAsync(() => IsClean(_temp), TimeSpan.FromSeconds(10), limit.Token);

        Processes.Of(_temp).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_temp).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nothing_survives_an_app_host_that_is_killed_while_it_starts()
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true");
        (await Processes.EventuallyAsync(() => Processes.Of(_temp).Count > 4, Running.Limit, limit.Token)).ShouldBeTrue();

        Processes.Kill(host.Id, Kill);
        await host.WaitForExitAsync(limit.Token);
        await Processes.EventuallyAsync(() => IsClean(_temp), TimeSpan.FromSeconds(10), limit.Token);

        Processes.Of(_temp).ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(_temp).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_app_host_stops_when_the_dotnet_run_that_started_it_is_killed()
    {
        using var limit = Running.NewLimit();
        using var launcher = Samples.LaunchHost(_temp);
        await launcher.WaitUntilStartedAsync(limit.Token);

        Processes.Kill(launcher.Id, Kill);
        await launcher.WaitForExitAsync(limit.Token);

        (await Processes.EventuallyAsync(() => IsClean(_temp), Running.Limit, limit.Token)).ShouldBeTrue();
    }

    [Fact]
    public async Task Data_is_kept_on_demand()
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true", "--KeepData=true");
        await host.WaitUntilStartedAsync(limit.Token);

        Processes.Kill(host.Id, Terminate);
        await host.StandardOutput.ReadToEndAsync(limit.Token);
        await host.WaitForExitAsync(limit.Token);

        Processes.Of(_temp).ShouldBeEmpty();
        Directory.EnumerateFiles(_temp, "PG_VERSION", SearchOption.AllDirectories).ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("--NatsServer=/nowhere/nats-server", "nats-server")]
    [InlineData("--PostgresBin=/nowhere", "postgresql")]
    public async Task A_missing_server_is_one_line_with_the_name_of_its_package(string setting, string package)
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true", setting);
        await host.StandardOutput.ReadToEndAsync(limit.Token);
        var error = await host.StandardError.ReadToEndAsync(limit.Token);
        await host.WaitForExitAsync(limit.Token);

        host.ExitCode.ShouldBe(1);
        error.TrimEnd().ShouldNotContain('\n');
        error.ShouldContain($"apt-get install {package}");
        Processes.Of(_temp).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("--ConnectionStrings:postgres=nonsense", "ConnectionStrings:postgres")]
    [InlineData("--service-name=not_a_name!", "not_a_name!")]
    public async Task A_description_that_cannot_be_is_one_line(string setting, string named)
    {
        using var limit = Running.NewLimit();
        using var host = Samples.StartHost(_temp, "--servers=true", setting);
        await host.StandardOutput.ReadToEndAsync(limit.Token);
        var error = await host.StandardError.ReadToEndAsync(limit.Token);
        await host.WaitForExitAsync(limit.Token);

        host.ExitCode.ShouldBe(1);
        error.TrimEnd().ShouldNotContain('\n');
        error.ShouldContain(named);
    }

    private static bool IsClean(string temp) => Processes.Of(temp).Count == 0 && !Directory.EnumerateFileSystemEntries(temp).Any();
}
