using Lab.Demo;
using Lab.Proving;
using Lab.Reporting;
using Spectre.Console;

namespace Units.Lab;

public sealed class ProofViewTests
{
    [Fact]
    public void The_verdict_stands_first_and_last()
    {
        var lines = Shown(AProof.Kept());

        lines[0].ShouldBe("✓ Every promise was kept: 5,988 accepted orders in 120 s of load, 15 faults of 14 kinds: 0 violations, 0 messages lost, all quiet 6.4 s after the last fault and the last order.");
        lines[^1].ShouldBe(lines[0]);
        lines.ShouldContain("again: ./dev prove --transport jetstream --coordination orchestration --seconds 120 --rate 50 --seed 3");
    }

    [Theory]
    [InlineData(60)]
    [InlineData(100)]
    [InlineData(160)]
    public void The_picture_fits_the_terminal_and_names_every_fault(int width)
    {
        var report = AProof.Kept();

        var lines = TextTimeline.Of(report, width);

        lines.Where(line => !line.Contains(" max ", StringComparison.Ordinal)).ShouldAllBe(line => line.Length <= width);
        var text = string.Join('\n', lines);
        foreach (var fault in report.Faults) text.ShouldContain($"{fault.Name} {fault.Target}");
        text.ShouldContain("p99 ms");
        text.ShouldContain("seconds");
    }

    [Fact]
    public void A_picture_of_nothing_is_still_one() =>
        TextTimeline.Of(AProof.Kept() with { Faults = [], Timeline = [] }, 80)[^1].ShouldStartWith("seconds");

    [Fact]
    public void Violations_come_with_their_story_and_what_was_up_meanwhile()
    {
        var text = string.Join('\n', Shown(AProof.Broken()));

        text.ShouldContain("✗ NOT proven: 5,988 accepted orders in 120 s of load, 15 faults of 14 kinds: 1 violation of invariant 3, 1 message lost, never quiet: 3 pieces reserved.");
        text.ShouldContain($"invariant 3, order {AProof.Order}: authorised 2 times");
        text.ShouldContain("4.600 s  inventory.commands published inventory.reserve-stock.v1");
        text.ShouldContain("meanwhile: kill orders, 4.2 s to 5.3 s");
        text.ShouldContain("1 lost: 1 between what was taken in, 1 out of order");
        text.ShouldContain("still under way: 3 pieces reserved");
    }

    [Fact]
    public void An_anti_pattern_is_shown_when_it_breaks_what_it_must_and_only_then()
    {
        var report = AProof.Broken() with { Antipattern = "no-inbox", MustBreak = 3 };

        var shown = Shown(report);
        var notShown = Shown(report with { MustBreak = 1 });

        shown[0].ShouldBe("✓ Broken as told: no-inbox must break invariant 3: broken as told; broken: invariant 3 (1 violation).");
        shown.ShouldContain("✓ no-inbox must break invariant 3: broken as told");
        notShown[0].ShouldBe("✗ NOT shown: no-inbox must break invariant 1: NOT shown; broken: invariant 3 (1 violation).");
        shown.ShouldContain("again: ./dev prove --transport jetstream --coordination orchestration --seconds 120 --rate 50 --seed 3 --antipattern no-inbox");
    }

    [Fact]
    public void Text_of_strangers_commands_no_terminal()
    {
        var hostile = "\u001b[2J [red]markup[/]\r\nsecond line";

        var report = AProof.Broken(hostile) with { DeadLetters = [new DeadLetterCount("c", "t", hostile, 1)] };

        var text = string.Join('\n', Shown(report with { Faults = [AProof.Faults()[0] with { Note = hostile, Failure = hostile }] }));
        text.ShouldNotContain('\u001b');
        text.ShouldContain("[2J [red]markup[/]  second line");
    }

    [Fact]
    public void What_could_not_be_seen_proves_nothing()
    {
        var report = AProof.Kept();

        var blind = report with { Messages = report.Messages with { Gaps = ["orders.events could not be read to its end: gone"] } };

        blind.Kept.ShouldBeFalse();
        Shown(blind)[0].ShouldContain("not all was seen: orders.events could not be read to its end: gone");
    }

    [Fact]
    public void A_flow_that_confirms_nothing_proves_nothing()
    {
        var report = AProof.Kept() with { Paths = [new PathResult("confirmed", "Confirmed", 100, 0, null, null, null)] };

        report.Kept.ShouldBeFalse();
        Shown(report)[0].ShouldEndWith(": no order was confirmed.");
    }

    [Theory]
    [InlineData(null, "✗ NOT proven: 5,988 accepted orders in 120 s of load, 0 faults of 0 kinds: nothing struck.")]
    [InlineData("none", "✓ Every promise was kept: 5,988 accepted orders in 120 s of load, 0 faults of 0 kinds: 0 violations, 0 messages lost, all quiet 6.4 s after the last fault and the last order.")]
    public void Where_nothing_struck_nothing_is_proven_unless_that_was_wanted(string? faults, string verdict) =>
        Shown(AProof.Kept() with { Faults = [], FaultList = faults })[0].ShouldBe(verdict);

    private static string[] Shown(ProofReport report)
    {
        using var text = new StringWriter();
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = 300;
        ProofView.Show(console, report);
        return [.. text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
    }
}
