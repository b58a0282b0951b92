using Lab.Comparing.Measuring;
using Lab.Comparing.Transports;
using Messaging;

namespace Units.Lab.Comparing;

public sealed class LaneTests
{
    private static readonly LaneCase Drain = new(LaneScenarios.Drain, LaneCase.Port, 128, 4, 2, 1) { Messages = 300 };

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(false, true)]
    public void Each_case_is_there_once(bool isQuick, bool isEmbedded)
    {
        var cases = LaneCases.Of(isQuick, isEmbedded);

        cases.ShouldBeUnique();
        cases.Select(each => each.Through).Distinct().ShouldBe([LaneCase.Port, LaneCase.Client]);
        cases.Select(each => each.Scenario).Distinct().Count().ShouldBe(isQuick && isEmbedded ? 3 : 4);
        cases.ShouldAllBe(each => each.EstimatedSeconds > 0 && each.Messages > 0 && each.Consumers <= each.Partitions);
        cases.ShouldAllBe(each => each.Scenario == LaneScenarios.Steady == each.PerSecond > 0);
        if (isEmbedded) cases.ShouldAllBe(each => each.Partitions == TopicDefinition.DefaultPartitions);
    }

    [Fact]
    public void The_full_extent_is_the_whole_matrix()
    {
        var cases = LaneCases.Of(isQuick: false, isEmbedded: false);

        cases.Count(each => each.Scenario == LaneScenarios.Publish).ShouldBe(3 * 2 * 2);
        cases.Count(each => each is { Scenario: LaneScenarios.Drain, Consumers: 1 }).ShouldBe(3 * 2 * 2);
        cases.Count(each => each is { Scenario: LaneScenarios.Drain, Consumers: 4 }).ShouldBe(3 * 2);
        cases.Count(each => each is { Scenario: LaneScenarios.FanOut, Groups: 3 }).ShouldBe(3 * 2);
        cases.Count(each => each.Scenario == LaneScenarios.Steady).ShouldBe(3 * 2 * 2);
    }

    [Fact]
    public void A_body_bears_its_number_and_its_time()
    {
        var body = LaneMessages.Counted("some.topic", 4711, LaneMessages.LeastBytes, intended: 99).Message.Body.Span;

        LaneMessages.TryRead(body, out var index, out var intended).ShouldBeTrue();
        (index, intended).ShouldBe((4711, 99));
        LaneMessages.TryReadProbe(body, out _, out _).ShouldBeFalse();
    }

    [Fact]
    public void A_probe_goes_to_each_partition()
    {
        var probes = LaneMessages.Probes("some.topic", 8, round: 3);

        probes.Select(probe => Partitioner.PartitionOf(probe.Message.PartitionKey, 8)).ShouldBe(Enumerable.Range(0, 8));
        foreach (var (partition, probe) in probes.Index())
        {
            LaneMessages.TryReadProbe(probe.Message.Body.Span, out var told, out var round).ShouldBeTrue();
            (told, round).ShouldBe((partition, 3));
            LaneMessages.TryRead(probe.Message.Body.Span, out _, out _).ShouldBeFalse();
        }
    }

    [Fact]
    public void Shares_are_even_when_each_member_has_as_many_partitions()
    {
        var shares = new PartitionShares(groups: 1, members: 2, partitions: 4);
        var (round, shown) = shares.Next();
        for (var partition = 0; partition < 4; partition++) shares.Note(0, member: 0, partition, round);
        shown.IsCompleted.ShouldBeTrue();
        shares.AreEven().ShouldBeFalse();

        (round, shown) = shares.Next();
        for (var partition = 0; partition < 4; partition++)
        {
            shown.IsCompleted.ShouldBeFalse();
            shares.Note(0, member: partition % 2, partition, round);
        }

        shares.Note(0, member: 0, partition: 1, round - 1);
        shown.IsCompleted.ShouldBeTrue();
        shares.AreEven().ShouldBeTrue();
    }

    [Fact]
    public async Task A_backlog_is_taken_once_by_each_group_and_only_when_it_is_whole()
    {
        await using var lane = new MemoryLane();
        var measured = Drain with { Groups = 3 };
        var arrivals = new Arrivals(measured, measured.Messages, unmeasured: 100, broker: null);
        await using var consumers = await LaneConsumers.JoinAsync(lane, "some.topic", measured, arrivals, TestContext.Current.CancellationToken);
        consumers.Hold();
        await lane.PublishAsync(Messages(measured.Messages), TestContext.Current.CancellationToken);
        arrivals.Total.ShouldBe(0);

        consumers.Release();
        var cost = await consumers.TakenAsync(TestContext.Current.CancellationToken);
        await consumers.LeaveAsync();

        arrivals.Total.ShouldBe(3 * 300);
        arrivals.Repeated.ShouldBe(0);
        cost.Messages.ShouldBeInRange(3 * 300 / 2, (3 * 300) - 100);
    }

    [Fact]
    public async Task What_is_in_hand_at_the_beginning_does_not_count_nor_as_much_at_the_end()
    {
        var measured = Drain with { Messages = 10 };
        var arrivals = new Arrivals(measured, measured.Messages, unmeasured: 2, broker: null);
        ReadOnlyMemory<byte>[] bodies = [.. Messages(10).Select(message => message.Message.Body)];

        arrivals.Add(0, bodies[..2], now: 1);
        arrivals.Add(0, bodies[2..8], now: 2);
        arrivals.All.IsCompleted.ShouldBeFalse("messages are missing");
        arrivals.Add(0, bodies[8..], now: 3);

        (await arrivals.All).Messages.ShouldBe(6);
    }

    [Fact]
    public async Task A_consumer_that_fails_is_told()
    {
        await using var lane = new MemoryLane { FailsFrom = 1 };

        await Should.ThrowAsync<InvalidOperationException>(() => LaneConsumers.JoinAsync(
            lane, "some.topic", Drain, new Arrivals(Drain, Drain.Messages, 0, broker: null), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_message_that_comes_twice_counts_once_and_is_told()
    {
        var measured = Drain with { Messages = 2 };
        var arrivals = new Arrivals(measured, measured.Messages, unmeasured: 0, broker: null);
        ReadOnlyMemory<byte>[] bodies = [.. Messages(2).Select(message => message.Message.Body)];

        arrivals.Add(0, [bodies[0]], now: 1);
        arrivals.Add(0, [bodies[0]], now: 2);
        arrivals.All.IsCompleted.ShouldBeFalse();
        arrivals.ToString().ShouldBe("1 of 2 in group 1");
        arrivals.Add(0, [bodies[1]], now: 3);

        (await arrivals.All).Messages.ShouldBe(1);
        arrivals.Repeated.ShouldBe(1);
    }

    [Fact]
    public void A_row_holds_the_medians_and_all_values_of_its_repeats()
    {
        var row = LaneRows.Of(Drain, [Sample(10, 1, latency: 1), Sample(30, 3, latency: 2), Sample(20, 5, latency: 3)]);

        (row.PerSecond.Median, row.PerSecond.Least, row.PerSecond.Most, row.PerSecond.Repeats).ShouldBe((20, 10, 30, 3));
        row.ClientMicroseconds.ShouldBe(3);
        row.BrokerMicroseconds.ShouldBe(30);
        row.EndToEnd.ShouldNotBeNull().Count.ShouldBe(3);
        row.EndToEnd!.Max.ShouldBe(3);
        row.Publish.ShouldBeNull();
        row.Refused.ShouldBeNull();
    }

    [Fact]
    public void A_row_of_which_the_generator_was_late_is_refused()
    {
        LaneSample late = Sample(10, 1, latency: 1) with { PublishDelay = Histogram(21) };

        LaneRows.Of(Drain, [late]).Refused.ShouldNotBeNull().ShouldContain("late");
    }

    [Fact]
    public void A_row_whose_consumers_were_disturbed_is_refused() =>
        LaneRows.Of(Drain, [Sample(10, 1, latency: 1), Sample(10, 1, latency: 1) with { Repeated = 2 }]).Refused.ShouldNotBeNull().ShouldStartWith("2 messages came twice");

    [Fact]
    public void Costs_of_the_broker_are_of_all_repeats_or_of_none() =>
        LaneRows.Of(Drain, [Sample(10, 1, latency: 1), Sample(10, 1, latency: 1) with { BrokerMicroseconds = null }]).BrokerMicroseconds.ShouldBeNull();

    private static LaneSample Sample(double rate, double cost, int latency) => new(300, rate, cost, cost * 10) { EndToEnd = Histogram(latency), PublishDelay = Histogram(1) };

    private static LatencyHistogram Histogram(int milliseconds)
    {
        var histogram = new LatencyHistogram();
        histogram.Record(TimeSpan.FromMilliseconds(milliseconds));
        return histogram;
    }

    private static List<OutgoingMessage> Messages(int count) => [.. Enumerable.Range(0, count).Select(index => LaneMessages.Counted("some.topic", index, 128))];
}
