using Lab.Faults;
using Lab.Proving;
using Lab.Running;
using Spectre.Console;

namespace Flow.Proving;

public sealed class ProofTests
{
    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task The_flow_keeps_every_promise_while_faults_strike(string transport)
    {
        var options = new ProveOptions(
            new SystemOptions(transport) { InventoryReplicas = 2 }, Seconds: 20, Rate: 20, Seed: 1, FaultCatalog.All, TimeSpan.FromSeconds(90), MustBreak: []);

        var report = await RunAsync(options);

        report.Faults.Count.ShouldBeGreaterThanOrEqualTo(4);
        report.Faults.ShouldAllBe(fault => fault.Failure == null);
        report.StillUnderWay.ShouldBeEmpty();
        report.Invariants.SelectMany(invariant => invariant.Violations).ShouldBeEmpty();
        report.Accepted.ShouldBeGreaterThanOrEqualTo(20 * 20);
    }

    [Theory]
    [InlineData("inbox-in-another-transaction")]
    [InlineData("no-idempotency-key")]
    [InlineData("no-compensation")]
    public async Task An_anti_pattern_breaks_what_its_page_names(string antipattern)
    {
        var report = await RunAsync(ProveOptions.For(NegativeControl.Find(antipattern)!, "jetstream"));

        report.ShownBroken.ShouldBeTrue(string.Join("; ", report.Invariants.Select(invariant => $"{invariant.Number}: {invariant.Violations.Count}")));
    }

    private static Task<ProofReport> RunAsync(ProveOptions options)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        return new ProveRun(options, console, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);
    }
}
