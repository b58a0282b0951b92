using Lab.Faults;

namespace Units.Lab.Faults;

public sealed class FaultScheduleTests
{
    private const int Seeds = 300;

    // The catalogue's kinds with their durations, on the places they have in a system with everything.
    private static readonly Fault[] Kinds =
    [
        .. FaultCatalog.All.Select(fault =>
            new SomeFault(fault.Name, fault.Area, PlacesOf(fault.Area)) { Lasts = fault.Duration, Avoids = AvoidedBy(fault) }),
    ];

    public static TheoryData<int> Lengths => [20, 30, 60, 90, 120, 180, 600];

    [Theory]
    [MemberData(nameof(Lengths))]
    public void The_same_seed_gives_the_same_schedule(int seconds)
    {
        foreach (var seed in Enumerable.Range(0, Seeds))
            Plan(seed, seconds).ShouldBe(Plan(seed, seconds));
        Enumerable.Range(0, Seeds).Select(seed => string.Join(';', Plan(seed, seconds).Select(fault => fault.Fault.Name + fault.At))).ShouldBeUnique();
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Nothing_strikes_in_the_first_seconds_and_all_is_healed_by_the_end(int seconds) => ForAll(seconds, planned =>
    {
        planned.ShouldNotBeEmpty();
        planned.ShouldAllBe(fault => fault.At >= TimeSpan.FromSeconds(3));
        planned.ShouldAllBe(fault => fault.At + fault.Duration <= TimeSpan.FromSeconds(seconds));
        planned.ShouldAllBe(fault => fault.Duration >= fault.Fault.Duration.Shortest && fault.Duration <= fault.Fault.Duration.Longest);
        planned.Select(fault => fault.At).ShouldBeInOrder();
    });

    [Theory]
    [InlineData(20, 4)]
    [InlineData(60, 6)]
    [InlineData(120, 12)]
    [InlineData(600, 24)]
    public void Enough_kinds_strike(int seconds, int kinds) =>
        ForAll(seconds, planned => planned.Select(fault => fault.Fault.Name).Distinct(StringComparer.Ordinal).Count().ShouldBeGreaterThanOrEqualTo(kinds));

    [Theory]
    [MemberData(nameof(Lengths))]
    public void No_kind_comes_twice_before_each_came_once(int seconds) => ForAll(seconds, planned =>
    {
        var rounds = planned.CountBy(fault => fault.Fault.Name).Select(kind => kind.Value).ToArray();
        if (rounds.Length < Kinds.Length)
            rounds.ShouldAllBe(times => times == 1);
    });

    [Theory]
    [MemberData(nameof(Lengths))]
    public void At_most_two_are_up_at_once_and_never_in_one_area_or_on_one_target(int seconds) => ForAll(seconds, planned =>
    {
        foreach (var fault in planned)
        {
            PlannedFault[] together = [.. planned.Where(other => other != fault && other.At < fault.At + fault.Duration && fault.At < other.At + other.Duration)];
            together.Length.ShouldBeLessThanOrEqualTo(1);
            together.ShouldAllBe(other => other.Fault.Area != fault.Fault.Area && !FaultSchedule.Overlap(other.Target, fault.Target));
        }
    });

    [Fact]
    public void About_a_quarter_of_the_time_nothing_is_up()
    {
        var length = TimeSpan.FromSeconds(120);
        var quiet = Enumerable.Range(0, Seeds).Select(seed => 1 - (Covered(Plan(seed, 120)) / length)).ToArray();

        quiet.ShouldAllBe(share => share > 0.1 && share < 0.5);
        quiet.Average().ShouldBe(0.27, 0.06);
    }

    [Fact]
    public void A_kind_that_cannot_strike_is_named_with_the_reason()
    {
        var plan = FaultSchedule.Plan(
            1,
            TimeSpan.FromSeconds(60),
            [
                new SomeFault("possible", FaultArea.Service, "orders"),
                new SomeFault("impossible", FaultArea.Broker, "nats") { WhyNot = "it is not ours" },
                new SomeFault("nowhere", FaultArea.Broker),
            ],
            SomeFault.Nowhere);

        plan.Planned.Select(fault => fault.Fault.Name).Distinct(StringComparer.Ordinal).ShouldBe(["possible"]);
        plan.LeftOut.ShouldBe(
            [new LeftOutFault("impossible", "it is not ours"), new LeftOutFault("nowhere", "there is nothing here that it could strike")]);
    }

    [Fact]
    public void What_publishes_does_not_meet_a_broker_that_is_away()
    {
        foreach (var name in (string[])["duplicates", "poison", "relay-killed"]) FaultCatalog.Find(name)!.GoesWith(FaultArea.Broker).ShouldBeFalse(name);
        FaultCatalog.Find("kill")!.GoesWith(FaultArea.Broker).ShouldBeTrue();
    }

    [Fact]
    public void A_fault_meets_none_that_would_keep_it_from_showing_anything()
    {
        Fault[] kinds =
        [
            new SomeFault("kill", FaultArea.Service, "orders"), new SomeFault("cut", FaultArea.Network, "inventory-broker"),
            new SomeFault("poison", FaultArea.Messages, "topics") { Avoids = [FaultArea.Service, FaultArea.Network] },
        ];

        for (var seed = 0; seed < Seeds; seed++)
        {
            var planned = FaultSchedule.Plan(seed, TimeSpan.FromSeconds(120), kinds, SomeFault.Nowhere).Planned;

            foreach (var poison in planned.Where(fault => fault.Fault.Name == "poison"))
                planned.ShouldNotContain(other => other != poison && other.At < poison.At + poison.Duration && poison.At < other.At + other.Duration);
        }
    }

    [Fact]
    public void A_kind_without_room_is_named()
    {
        var plan = FaultSchedule.Plan(1, TimeSpan.FromSeconds(10), Kinds, SomeFault.Nowhere);

        plan.Planned.Select(fault => fault.Fault.Name).Concat(plan.LeftOut.Select(fault => fault.Name)).Distinct(StringComparer.Ordinal)
            .ShouldBe(Kinds.Select(kind => kind.Name), ignoreOrder: true);
    }

    [Fact]
    public void Nothing_to_strike_makes_an_empty_schedule() =>
        FaultSchedule.Plan(1, TimeSpan.FromSeconds(60), [], SomeFault.Nowhere).Planned.ShouldBeEmpty();

    [Theory]
    [InlineData("orders", "orders", true)]
    [InlineData("orders", "orders-database", true)]
    [InlineData("payments-broker", "payments", true)]
    [InlineData("payments", "payment-provider", false)]
    [InlineData("orders-broker", "orders-database", false)]
    public void A_part_of_a_target_is_the_target(string one, string other, bool overlap) => FaultSchedule.Overlap(one, other).ShouldBe(overlap);

    [Fact]
    public void Names_are_unique_and_found()
    {
        FaultCatalog.All.Select(fault => fault.Name).ShouldBeUnique();
        FaultCatalog.All.ShouldAllBe(fault => FaultCatalog.Find(fault.Name) == fault);
        FaultCatalog.Find("earthquake").ShouldBeNull();
    }

    [Fact]
    public void The_page_lists_every_fault()
    {
        var page = File.ReadAllText(Path.Combine(Root(), "docs", "proof.md"));

        var listed = page.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('`')[1]);

        listed.ShouldBe(FaultCatalog.All.Select(fault => fault.Name), ignoreOrder: true);
    }

    private static FaultArea[] AvoidedBy(Fault fault) => [.. Enum.GetValues<FaultArea>().Where(area => !fault.GoesWith(area))];

    private static string Root()
    {
        var at = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(at, "Microservices.sln"))) at = Path.GetDirectoryName(at)!;
        return at;
    }

    private static IReadOnlyList<PlannedFault> Plan(int seed, int seconds) =>
        FaultSchedule.Plan(seed, TimeSpan.FromSeconds(seconds), Kinds, SomeFault.Nowhere).Planned;

    private static void ForAll(int seconds, Action<IReadOnlyList<PlannedFault>> check)
    {
        foreach (var seed in Enumerable.Range(0, Seeds))
            check(Plan(seed, seconds));
    }

    private static TimeSpan Covered(IReadOnlyList<PlannedFault> planned)
    {
        var (covered, until) = (TimeSpan.Zero, TimeSpan.Zero);
        foreach (var fault in planned)
        {
            var end = fault.At + fault.Duration;
            var from = fault.At > until ? fault.At : until;
            if (end > from)
                (covered, until) = (covered + end - from, end);
        }

        return covered;
    }

    private static string[] PlacesOf(FaultArea area) => area switch
    {
        FaultArea.Service => ["orders", "inventory", "payments"],
        FaultArea.Broker => ["nats"],
        FaultArea.Database => ["postgres"],
        FaultArea.Network => ["orders-database", "orders-broker", "inventory-database", "inventory-broker", "payments-database", "payments-broker"],
        FaultArea.Provider => ["payment-provider"],
        _ => ["topics"],
    };
}
