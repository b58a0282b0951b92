using Lab.Faults;
using Lab.Proving;
using Lab.Running;
using Spectre.Console;

// A proof has the machine for itself: what it shows under faults is not to depend on what runs beside it.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Proof;

/// <summary>What <c>./dev prove</c> runs, short and with fixed seeds.</summary>
public sealed class Proofs
{
    private const int FewestKinds = 8;

    [Theory]
    [InlineData("jetstream", "orchestration")]
    [InlineData("kafka", "choreography")]
    public async Task Every_promise_is_kept_while_faults_strike(string transport, string coordination)
    {
        var system = new SystemOptions(transport) { InventoryReplicas = 2, Links = true, Coordination = coordination };

        var report = await RunAsync(new ProveOptions(system, Seconds: 45, Rate: 20, Seed: 1, FaultCatalog.All, TimeSpan.FromSeconds(120)));

        report.Kept.ShouldBeTrue(Told(report));
        report.Paths.Sum(path => path.Orders).ShouldBe(45 * 20);
        report.Faults.Select(fault => fault.Name).Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThanOrEqualTo(FewestKinds);
    }

    /// <summary>Each on one transport, in turn: <c>./dev prove --antipattern NAME --transport …</c> runs it on the other.</summary>
    public static TheoryData<string, string> Controls =>
        [.. NegativeControl.All.Select((control, number) => (control.Antipattern, number % 2 == 0 ? "jetstream" : "kafka"))];

    [Theory]
    [MemberData(nameof(Controls))]
    public async Task An_anti_pattern_breaks_what_its_page_names(string antipattern, string transport)
    {
        var report = await RunAsync(ProveOptions.For(NegativeControl.Find(antipattern)!, transport));

        report.ShownBroken.ShouldBeTrue(Told(report));
        report.Faults.ShouldAllBe(fault => fault.Failure == null, Told(report));
    }

    /// <summary>It is the anti-pattern that breaks the flow, and neither the strikes nor the little time to come to rest.</summary>
    [Fact]
    public async Task The_strikes_of_a_control_break_nothing_without_its_anti_pattern()
    {
        var control = ProveOptions.For(NegativeControl.Find("ack-before-handle")!, "kafka"); // kills, locks and the longest way back

        var report = await RunAsync(control with { System = control.System with { Antipattern = null }, MustBreak = null });

        report.Kept.ShouldBeTrue(Told(report));
        report.Faults.Count.ShouldBe(control.Schedule!.Count);
    }

    private static Task<ProofReport> RunAsync(ProveOptions options)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) });
        return new ProveRun(options, console, TimeProvider.System).RunAsync(TestContext.Current.CancellationToken);
    }

    private static string Told(ProofReport report)
    {
        var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(text), Ansi = AnsiSupport.No });
        console.Profile.Width = 160;
        Lab.Reporting.ProofView.Show(console, report);
        return text.ToString();
    }
}
