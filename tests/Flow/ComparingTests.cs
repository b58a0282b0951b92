using System.Text.Json;
using Lab.Benching;
using Lab.Comparing;
using Lab.Comparing.Flows;
using Lab.Comparing.Recovering;
using Lab.Comparing.Reporting;
using Lab.Comparing.Results;
using Lab.Comparing.Transports;
using Lab.Running;
using Spectre.Console;

namespace Flow;

/// <summary>What <c>./dev compare</c> promises, by runs that are too short for figures.</summary>
public sealed class ComparingTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private static readonly CompareExtent Tiny = new(
        "tiny", LaneRepeats: 0, FlowRepeats: 1,
        new FlowExtent(20, Refinements: 0, Idle: Second, LeadIn: Second, Step: Second, SteadyRun: Second)
        {
            WarmUp = Second,
            MostRate = 40,
            IdleRate = 0.1,
            Limit = new FlowLimit(P99Milliseconds: 60_000, MostBehindShare: 1) { Generator = (_, _) => null }, // Slow is not wrong.
        },
        new RecoveryExtent(Before: Second, After: 10 * Second, Runs: 1));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_order_of_every_run_is_accounted_for_and_a_killed_broker_is_timed()
    {
        var result = (await CompareAsync("jetstream", Cancel)).Transports.ShouldHaveSingleItem();

        result.IsComparable.ShouldBeTrue();
        result.LeftOut.ShouldBeEmpty();
        result.Flow!.Runs.Select(run => run.Phase).ShouldBe(["idle", "ramp", "ramp", "50 %", "80 %"]);
        result.Flow.Capacity.ShouldBe(40);
        foreach (var run in result.Flow.Runs)
        {
            run.Because.ShouldBeNull();
            (run.Accept.Count, run.AcceptToEnd.Count, run.Whole.Count).ShouldBe((run.Orders, run.Orders, run.Orders));
            run.Stages.Sum(stage => stage.Milliseconds).ShouldBeGreaterThanOrEqualTo(run.Whole.Mean * 0.99);
            run.Stages.Single(stage => stage.Stage == "handler").Milliseconds.ShouldBeGreaterThan(0);
            run.Processes.Select(process => process.Name)
                .ShouldBe(["orders", "inventory", "payments", "payment-provider", "postgres", "nats", "lab"], ignoreOrder: true);
            run.Databases.Count.ShouldBe(4);
        }

        var recovery = result.Recovery!.Runs.ShouldHaveSingleItem();
        recovery.DownSeconds.ShouldBeGreaterThan(0);
        recovery.CaughtUpSeconds.ShouldNotBeNull();
    }

    [Fact]
    public async Task The_embedded_kafka_is_measured_but_marked_and_not_killed()
    {
        var comparison = await CompareAsync("kafka", Cancel);
        var result = comparison.Transports.ShouldHaveSingleItem();

        if (!result.Broker.IsEmbedded) Assert.Skip("a Kafka was named: nothing is embedded");
        result.Flow!.Runs.ShouldAllBe(run => run.Because == null);
        result.Recovery.ShouldBeNull();
        result.LeftOut.ShouldHaveSingleItem().ShouldStartWith("recovery: the embedded Kafka");
        comparison.Warnings.ShouldContain(warning => warning.Contains("not comparable", StringComparison.Ordinal));
        ComparisonPage.Of(comparison).ShouldContain("not comparable");
        ComparisonMarkdown.Of(comparison).ShouldContain("not comparable");
    }

    [Fact]
    public async Task What_was_measured_before_an_interruption_is_kept_and_the_report_says_that_it_is_partial()
    {
        using var interruption = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var comparison = await CompareAsync("jetstream", interruption.Token, line =>
        {
            if (line.Contains("idle", StringComparison.Ordinal)) interruption.Cancel();
        });

        comparison.Partial.ShouldBe("it was interrupted");
        comparison.Transports.ShouldHaveSingleItem().Flow!.Runs.ShouldHaveSingleItem().Phase.ShouldBe("idle");
        ComparisonPage.Of(comparison).ShouldContain("interrupted");
        using var json = new MemoryStream();
        await ComparisonJson.WriteAsync(json, comparison, Cancel);
        JsonDocument.Parse(json.ToArray()).RootElement.GetProperty("partial").GetString().ShouldBe("it was interrupted");
    }

    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task Every_message_of_every_case_arrives_in_every_group(string transport)
    {
        await using var broker = await BrokerProcess.StartAsync(transport, Cancel);
        var lane = new TransportLane(transport, broker);
        var cases = LaneCases.Of(isQuick: true, broker.Description.IsEmbedded).DistinctBy(each => (each.Scenario, each.Through)).ToArray();
        cases.Select(each => each.Through).ShouldContain(LaneCase.Client);
        foreach (var each in cases)
        {
            var few = each with { Messages = each.Messages / 10, WarmUp = each.WarmUp / 10 };
            var sample = await lane.MeasureAsync(few, Cancel); // Throws when one is missing.
            sample.Messages.ShouldBe(few.Messages);
            if (each.Scenario == LaneScenarios.Steady)
                sample.EndToEnd!.Count.ShouldBe(few.Messages);
        }
    }

    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task A_broker_that_cannot_write_before_it_acknowledges_is_not_compared_with_one_that_can(string transport)
    {
        var options = Options(transport) with { Durability = Durability.Synced };
        var broker = await BrokerProcess.StartAsync(transport, Cancel);
        await broker.DisposeAsync();
        if (Durability.Synced.Hindrance(broker.Description) is null) Assert.Skip($"{broker.Description} can");

        var refusal = await Should.ThrowAsync<global::Lab.LabException>(
            () => new CompareRun(options, AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(TextWriter.Null) }), TimeProvider.System).RunAsync(Cancel));
        refusal.Message.ShouldStartWith("--durability synced: ");
    }

    private static CompareOptions Options(string transport) =>
        new([transport], IsQuick: true, Durability.Default, new DirectoryInfo(Path.GetTempPath())) { Extent = Tiny };

    private static Task<Comparison> CompareAsync(string transport, CancellationToken cancellationToken, Action<string>? told = null)
    {
        var lines = new LineWriter(told ?? (_ => { }));
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = AnsiSupport.No,
            Interactive = InteractionSupport.No,
            Out = new AnsiConsoleOutput(lines),
        });
        return new CompareRun(Options(transport), console, TimeProvider.System).RunAsync(cancellationToken);
    }

    private sealed class LineWriter(Action<string> told) : StringWriter(System.Globalization.CultureInfo.InvariantCulture)
    {
        public override void Write(string? value)
        {
            told(value ?? "");
            base.Write(value);
        }
    }
}
