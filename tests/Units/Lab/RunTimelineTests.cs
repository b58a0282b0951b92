using Lab.Checking;
using Lab.Faults;
using Lab.Placing;
using Lab.Proving;

namespace Units.Lab;

public sealed class RunTimelineTests
{
    private static readonly DateTimeOffset Began = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_second_counts_what_was_due_accepted_and_ended_in_it()
    {
        var (sent, views) = Orders((0.1, 0.2, 0.4), (0.5, 1.2, 2.5));

        var seconds = RunTimeline.Of(Began, sent, views);

        seconds.Select(second => (second.Sent, second.Accepted, second.Ended, second.Open)).ShouldBe([(2, 1, 1, 0), (0, 1, 0, 1), (0, 0, 1, 0)]);
    }

    [Fact]
    public void Latency_counts_from_when_an_order_was_due_not_from_when_it_was_accepted()
    {
        var (sent, views) = Orders((0.5, 1.2, 2.5));

        RunTimeline.Of(Began, sent, views)[2].P50Milliseconds.ShouldBe(2_000);
    }

    [Fact]
    public void An_order_without_an_end_stays_open()
    {
        var (sent, _) = Orders((0.1, 0.2, 0.4));

        RunTimeline.Of(Began, sent, [])[^1].Open.ShouldBe(1);
    }

    [Fact]
    public void A_flow_has_caught_up_when_the_last_order_that_was_due_before_the_healing_has_ended()
    {
        var (sent, views) = Orders((0.5, 0.6, 0.9), (2.9, 3.5, 7.25), (2, 3.4, 6), (3.1, 3.2, 9));

        WithRecovery(sent, views).CaughtUpSeconds.ShouldBe(4.2);
    }

    [Fact]
    public void A_fault_that_held_nothing_up_leaves_nothing_to_catch_up()
    {
        var (sent, views) = Orders((0.5, 0.6, 0.9), (3.1, 3.2, 9));

        WithRecovery(sent, views).CaughtUpSeconds.ShouldBe(0);
    }

    [Fact]
    public void A_flow_that_left_an_order_without_an_end_has_not_caught_up()
    {
        var (sent, views) = Orders((0.5, 0.6, 0.9), (2, 3.4, 6));

        WithRecovery(sent, [views[0]]).CaughtUpSeconds.ShouldBeNull();
    }

    [Theory]
    [InlineData(new[] { 10, 0, 0, 5, 8, 20 }, 1.0)]
    [InlineData(new[] { 10, 0, 0, 9, 0, 0 }, 0.0)]
    [InlineData(new[] { 10, 9, 0, 5, 5, 7 }, null)]
    public void A_flow_is_back_when_it_ends_most_of_what_comes(int[] ended, double? seconds) => RunTimeline.WithRecovery(
        [Struck(1, 3)], Began, [.. ended.Select((count, second) => new SecondOfRun(second, 10, 10, count, 5, null, null))], rate: 10, [], [])
        .ShouldHaveSingleItem().RecoverySeconds.ShouldBe(seconds);

    private static StruckFault WithRecovery(IReadOnlyList<SentOrder> sent, IReadOnlyList<OrderView> views) =>
        RunTimeline.WithRecovery([Struck(1, 3)], Began, RunTimeline.Of(Began, sent, views), rate: 10, sent, views).ShouldHaveSingleItem();

    private static StruckFault Struck(double from, double to) =>
        new("kill", FaultArea.Service, "killed", "orders", Began.AddSeconds(from), Began.AddSeconds(to), Note: null, Failure: null);

    private static (IReadOnlyList<SentOrder> Sent, IReadOnlyList<OrderView> Views) Orders(params (double Due, double Accepted, double Ended)[] orders)
    {
        var sent = new List<SentOrder>();
        var views = new List<OrderView>();
        foreach (var (due, accepted, ended) in orders)
        {
            var id = Guid.NewGuid();
            sent.Add(new SentOrder(
                new PlannedOrder(OrderPath.Confirmed, Guid.NewGuid(), Guid.NewGuid(), []), id, Began.AddSeconds(due), Began.AddSeconds(accepted)));
            views.Add(new OrderView(id, OrderStates.Confirmed, [new TimelineEntry(Began.AddSeconds(ended), Happenings.OrderConfirmed)]));
        }

        return (sent, views);
    }
}
