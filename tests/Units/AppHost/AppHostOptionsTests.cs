using System.Diagnostics;
using Messaging.Antipatterns;

namespace Units.AppHost;

public sealed class AppHostOptionsTests
{
    [Theory]
    [InlineData("--transport=rabbitmq", "Unknown transport 'rabbitmq': it is jetstream or kafka.")]
    [InlineData("--inventory-replicas=abc", "--inventory-replicas takes a number from 1 to 8, not 'abc'.")]
    [InlineData("--orders-replicas=0", "--orders-replicas takes a number from 1 to 8, not '0'.")]
    [InlineData("--payments-replicas=9", "--payments-replicas takes a number from 1 to 8, not '9'.")]
    public Task A_bad_option_is_one_line_before_anything_starts(string option, string message) => ShouldBeRefusedAsync(option, message);

    [Fact]
    public Task An_unknown_anti_pattern_is_refused_and_those_are_named_that_the_services_know() => ShouldBeRefusedAsync(
        "--antipattern=dual-right", $"Unknown antipattern 'dual-right': it is one of {string.Join(", ", Antipattern.Names)}.");

    private static async Task ShouldBeRefusedAsync(string option, string message)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "AppHost.dll"), option])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(deadline.Token);
            (await process.StandardError.ReadToEndAsync(deadline.Token)).Trim().ShouldBe(message);
            (await output).ShouldBeEmpty();
            await process.WaitForExitAsync(deadline.Token);
            process.ExitCode.ShouldBe(2);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
