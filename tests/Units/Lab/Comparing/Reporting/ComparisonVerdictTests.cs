using Lab.Comparing.Flows;
using Lab.Comparing.Reporting;
using Lab.Comparing.Results;

namespace Units.Lab.Comparing.Reporting;

public sealed class ComparisonVerdictTests
{
    private const string Limit = "Under the limit (p99 from accepted to ended at most 500 ms, and no more orders open at the end than at the beginning)";

    [Fact]
    public void Two_real_brokers_are_ranked()
    {
        var sentences = Told(AComparison.BothReal());

        sentences[0].ShouldBe($"{Limit} JetStream carried 240 orders/s, 1.2 times the 200 of Kafka.");
        sentences[1].ShouldBe("At 50 % of each transport's own capacity an order takes from accepted to ended, p50 / p99, 21 / 56.6 ms on JetStream (120 orders/s) and 29 / 78.2 ms on Kafka (99.8 orders/s); they are not ranked, for each was measured at a rate of its own; one order at a time takes 14.7 / 39.6 ms on JetStream and 20.3 / 54.7 ms on Kafka: both 1.38 times as long on Kafka.");
        sentences[2].ShouldBe("Most processor time per order goes to postgres: 1.93 of 5.66 ms on JetStream (at 192 orders/s, the broker takes 13 %, 1.3 of 2 processors busy) and 2.32 of 6.82 ms on Kafka (at 160 orders/s, the broker takes 13 %, 1.3 of 2 processors busy); after kill -9 of the broker orders end at 80 % of their rate again in 2.72 s on JetStream and in 3.33 s on Kafka.");
    }

    [Fact]
    public void An_embedded_broker_is_not_ranked_and_none_of_its_figures_is_told()
    {
        var sentences = Told(AComparison.OneEmbedded());

        sentences[0].ShouldBe($"{Limit} JetStream carried 240 orders/s; Kafka is not ranked, for its broker is embedded (function only, not comparable).");
        sentences[1].ShouldStartWith("At 50 % of its capacity an order takes");
        sentences[1..].ShouldAllBe(sentence => !sentence.Contains("Kafka", StringComparison.Ordinal));
    }

    [Fact]
    public void Capacities_between_the_same_steps_do_not_differ()
    {
        var kafka = AComparison.Kafka();
        var close = AComparison.Of(AComparison.JetStream(), kafka with
        {
            Flow = kafka.Flow! with { Capacity = 230, Runs = Searches(230, 260) },
        });

        Told(close)[0].ShouldBe($"{Limit} there is no difference to speak of: 240 orders/s on JetStream (not 300) and 230 orders/s on Kafka (not 260).");
    }

    [Fact]
    public void A_limit_that_was_not_found_ranks_nobody()
    {
        var kafka = AComparison.Kafka();
        var open = AComparison.Of(AComparison.JetStream(), kafka with { Flow = kafka.Flow! with { Runs = [.. kafka.Flow.Runs.Where(run => run.IsSustained)] } });

        Told(open)[0].ShouldBe($"{Limit} JetStream carried 240 orders/s and Kafka carried at least 200 orders/s; they are not ranked, for the limit of Kafka was not found.");
    }

    [Fact]
    public void Nobody_is_ranked_whose_own_limit_was_not_found_and_may_be_more()
    {
        var kafka = AComparison.Kafka();
        var jetStream = AComparison.JetStream();
        var open = AComparison.Of(
            jetStream with { Flow = jetStream.Flow! with { Runs = [.. jetStream.Flow.Runs.Where(run => run.IsSustained)] } },
            kafka with { Flow = kafka.Flow! with { Capacity = 230, Runs = Searches(230, 260) } });

        Told(open)[0].ShouldBe($"{Limit} JetStream carried at least 240 orders/s and Kafka carried 230 orders/s; they are not ranked, for the limit of JetStream was not found.");
    }

    [Fact]
    public void A_search_that_found_nothing_counts_and_one_that_was_broken_off_does_not()
    {
        FlowRun Step(int repeat, double rate, bool isSustained) => AComparison.Run("ramp", repeat, rate, 20, 6) with { IsSustained = isSustained };
        var kafka = AComparison.Kafka();
        FlowRun[] runs = [Step(1, 100, true), Step(1, 120, false), Step(2, 110, true), Step(2, 130, false), Step(3, 5, false), Step(4, 50, true)];
        var uneven = AComparison.Of(kafka with { Flow = kafka.Flow! with { Capacity = 100, Searched = [1, 2, 3], Runs = runs } });

        var reading = CapacityReading.Of(uneven.Transports[0]);

        reading.WithSpread().ShouldBe("100 (0–110)");
        CapacityReading.Of(AComparison.JetStream()).Over(reading).ShouldBe(CapacityDifference.More);
        reading.Over(CapacityReading.Of(AComparison.JetStream())).ShouldBe(CapacityDifference.None);
    }

    [Fact]
    public void Single_orders_that_run_side_by_side_give_no_figure()
    {
        var run = AComparison.Run("idle", 1, rate: 4, milliseconds: 100, cost: 6);

        FlowLane.Alone(run).ShouldBe(run);
        var refused = FlowLane.Alone(run with { Whole = AComparison.Latency(300) });
        (refused.IsRefused, refused.IsSustained).ShouldBe((true, false));
        refused.Because.ShouldBe("one order in ten took longer than the 250 ms to the next, so they were not alone");
    }

    [Fact]
    public void Latencies_from_one_run_each_are_not_ranked()
    {
        static TransportResult Once(TransportResult of) => of with { Flow = of.Flow! with { Runs = [.. of.Flow.Runs.Where(run => run.Repeat == 1)] } };

        Told(AComparison.Of(Once(AComparison.JetStream()), Once(AComparison.Kafka())))[1]
            .ShouldEndWith("ms on Kafka; they are not ranked, for fewer than 3 runs on JetStream and Kafka say too little of their spread.");
    }

    [Fact]
    public void Latencies_whose_repeats_meet_do_not_differ()
    {
        var kafka = AComparison.Kafka();
        var jetStream = AComparison.JetStream();
        var same = AComparison.Of(jetStream, kafka with
        {
            Flow = kafka.Flow! with { Runs = [.. jetStream.Flow!.Runs.Select(run => run with { AcceptToEnd = AComparison.Latency(run.AcceptToEnd.P50 / 1.05 * 1.01) })] },
        });

        Told(same)[1].ShouldContain(" on Kafka (120 orders/s), no difference to speak of; one order at a time");
    }

    [Fact]
    public void Unequal_durability_ranks_nobody()
    {
        var sentences = Told(AComparison.BothReal() with { IsDurabilityEqual = false, Warnings = ["Durability is not equal: one syncs before it acknowledges, the other does not."] });

        sentences[0].ShouldEndWith("JetStream carried 240 orders/s and Kafka carried 200 orders/s; they are not ranked, for their durability is not equal (see the warnings).");
        sentences[1].ShouldNotContain("times as long");
    }

    [Fact]
    public void A_part_tells_what_there_is()
    {
        var sentences = Told(AComparison.Part());

        sentences[0].ShouldBe($"{Limit} JetStream carried 240 orders/s; Kafka was not measured up to its capacity.");
        sentences[1].ShouldContain("one order at a time takes 14.7 / 39.6 ms on JetStream and 20.3 / 54.7 ms on Kafka");
    }

    [Fact]
    public void A_transport_alone_is_told_alone()
    {
        var sentences = Told(AComparison.Of(AComparison.Kafka()));

        sentences[0].ShouldBe($"{Limit} Kafka carried 200 orders/s; nothing was measured beside it.");
        sentences[1].ShouldStartWith("At 50 % of its capacity");
    }

    [Fact]
    public void Refused_runs_give_no_figure()
    {
        var kafka = AComparison.Kafka();
        var refused = kafka with { Flow = kafka.Flow! with { Runs = [.. kafka.Flow.Runs.Select(AComparison.Refused)] }, Recovery = null };

        var both = Told(AComparison.Of(AComparison.JetStream(), refused));
        var alone = Told(AComparison.Of(refused));

        both[0].ShouldEndWith("JetStream carried 240 orders/s; Kafka has no run that counts (the generator was 80 ms late).");
        both[1..].ShouldAllBe(sentence => !sentence.Contains("Kafka", StringComparison.Ordinal));
        alone.ShouldBe([
            "There is no capacity to tell: Kafka has no run that counts (the generator was 80 ms late).",
            "How long an order takes was not measured.",
            "What limits it is not told, for the processor time of the processes is not known.",
        ]);
    }

    [Fact]
    public void Without_a_flow_nothing_is_made_up()
    {
        var without = AComparison.Of([AComparison.JetStream() with { Flow = null, Recovery = null }, AComparison.Kafka() with { Flow = null, Recovery = null }]);

        Told(without)[0].ShouldBe("There is no capacity to tell: JetStream was not measured; Kafka was not measured.");
        Told(AComparison.Of())[0].ShouldBe("There is no capacity to tell: nothing was measured.");
    }

    [Fact]
    public void A_flow_that_never_comes_back_is_told()
    {
        var late = AComparison.Kafka() with { Recovery = new RecoveryResult([new RecoveryRun(1, 100, 1, null, null), new RecoveryRun(2, 100, 1, 4, 6)]) };

        Told(AComparison.Of(late))[2].ShouldEndWith("orders end at 80 % of their rate again in 5 s on Kafka (not in time in 1 of 2 restarts).");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Capacities_of_fewer_than_three_searches_are_not_ranked(int searches)
    {
        TransportResult Fewer(TransportResult of) => of with
        {
            Flow = of.Flow! with { Searched = [.. of.Flow.Searched.Take(searches)], Runs = [.. of.Flow.Runs.Where(run => run.Repeat <= searches)] },
        };

        Told(AComparison.Of(Fewer(AComparison.JetStream()), Fewer(AComparison.Kafka())))[0]
            .ShouldBe($"{Limit} JetStream carried 240 orders/s and Kafka carried 200 orders/s; they are not ranked, for fewer than 3 searches on JetStream and Kafka say too little of their spread.");
    }

    private static FlowRun[] Searches(double sustained, double missed) =>
    [
        .. from repeat in Enumerable.Range(1, 3)
           from rate in new[] { sustained, missed }
           select AComparison.Run("ramp", repeat, rate, 20, 6) with { IsSustained = rate < missed },
    ];

    private static string[] Told(Comparison comparison)
    {
        var sentences = ComparisonVerdict.Of(comparison);
        sentences.Count.ShouldBe(3);
        sentences.ShouldAllBe(sentence => sentence.EndsWith('.') && !sentence.Contains(". ", StringComparison.Ordinal));
        return [.. sentences];
    }
}
