using System.Text.Json;
using Lab.Checking;
using Lab.Demo;
using Lab.Placing;
using Lab.Running;
using Spectre.Console;

namespace Units.Lab;

public sealed class DemoReportTests
{
    [Fact]
    public void A_path_tells_how_many_ended_as_expected_and_how_long_they_took()
    {
        var path = PathResult.Of([.. Enumerable.Range(1, 100).Select(i => Outcome(OrderPath.Confirmed, i, i == 100 ? "Cancelled" : "Confirmed"))])
            .ShouldHaveSingleItem();

        path.ShouldBe(new PathResult("confirmed", "Confirmed", 100, 99, 50_000, 95_000, 99_000));
    }

    [Fact]
    public void A_path_on_which_nothing_ended_has_no_durations() =>
        PathResult.Of([new OrderOutcome(Plan(OrderPath.Confirmed), Guid.NewGuid(), View: null)])
            .ShouldBe([new PathResult("confirmed", "Confirmed", 1, 0, null, null, null)]);

    [Fact]
    public void A_report_without_violations_says_so()
    {
        var text = Shown(Report());

        text.ShouldContain("2 orders by orchestration over NATS JetStream 2.9.10, PostgreSQL 15.1, seed 7");
        text.ShouldContain("healthy after 3.2 s, first order done after 4.0 s, all orders within 1.0 s");
        text.ShouldContain("✓ 1 all is well");
        text.ShouldContain("0 violations, 2 of 2 orders ended as expected");
        Report().Kept.ShouldBeTrue();
    }

    [Fact]
    public void A_violation_is_told_with_its_subject_and_breaks_the_report()
    {
        var report = Report() with
        {
            Broker = new BrokerDescription("Kafka", null, IsEmbedded: true),
            Invariants = [new InvariantResult(1, "all is well", [.. Enumerable.Range(1, 12).Select(i => new Violation($"order {i}", "lost [x]"))])],
        };

        report.Kept.ShouldBeFalse();
        var text = Shown(report);
        text.ShouldContain("over Kafka (embedded, in memory)");
        text.ShouldContain("✗ 1 all is well: 12 violations");
        text.ShouldContain("order 10: lost [x]");
        text.ShouldNotContain("order 11");
        text.ShouldContain("… and 2 more");
        text.ShouldContain("12 violations");
    }

    [Fact]
    public void An_order_that_ended_elsewhere_breaks_the_report_even_without_a_violation()
    {
        var report = Report() with { Unexpected = [new UnexpectedEnd(AQuietSystem.Stranger, "declined", "Rejected", "Confirmed")] };

        report.Kept.ShouldBeFalse();
        Shown(report).ShouldContain($"✗ order {AQuietSystem.Stranger} (declined): expected Rejected, seen Confirmed");
    }

    [Fact]
    public void An_unexpected_end_tells_its_reason()
    {
        var order = Outcome(OrderPath.Confirmed, 1, "Cancelled");

        UnexpectedEnd.Of([order with { View = order.View! with { Reason = "too late" } }, order with { View = null }]).Select(end => end.Seen)
            .ShouldBe(["Cancelled (too late)", "nothing"]);
    }

    [Fact]
    public async Task The_file_tells_the_same_as_JSON()
    {
        using var file = new MemoryStream();

        await Report().WriteAsync(file, TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(file.ToArray());
        json.RootElement.GetProperty("violations").GetInt32().ShouldBe(0);
        json.RootElement.GetProperty("kept").GetBoolean().ShouldBeTrue();
        json.RootElement.GetProperty("broker").GetProperty("version").GetString().ShouldBe("2.9.10");
        json.RootElement.GetProperty("invariants")[0].GetProperty("holds").GetBoolean().ShouldBeTrue();
    }

    private static DemoReport Report() => new()
    {
        Transport = "jetstream",
        Broker = new BrokerDescription("NATS JetStream", "2.9.10", IsEmbedded: false),
        Postgres = "15.1",
        Orders = 2,
        Seed = 7,
        StartupSeconds = 3.2,
        FirstOrderSeconds = 4,
        RunSeconds = 1,
        Paths = PathResult.Of([Outcome(OrderPath.Confirmed, 1, "Confirmed"), Outcome(OrderPath.All[2], 2, "Rejected")]),
        Unexpected = [],
        Invariants = [new InvariantResult(1, "all is well", [])],
        DeadLetters = [],
    };

    private static OrderOutcome Outcome(OrderPath path, int seconds, string state)
    {
        var orderId = Guid.CreateVersion7();
        var end = new TimelineEntry(AQuietSystem.At(seconds), $"order-{state.ToLowerInvariant()}");
        return new OrderOutcome(Plan(path), orderId, new OrderView(orderId, state, [new TimelineEntry(AQuietSystem.At(0), "order-placed"), end]));
    }

    private static PlannedOrder Plan(OrderPath path) => new(path, Guid.NewGuid(), Guid.NewGuid(), []);

    private static string Shown(DemoReport report)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 160;
        DemoView.Show(console, report);
        return text.ToString();
    }
}
