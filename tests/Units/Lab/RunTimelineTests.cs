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
    public void A_flow_has_recovered_when_it_ends_what_comes_and_nothing_is_left_over()
    {
        var seconds = Seconds((10, 0), (0, 10), (0, 20), (5, 25), (25, 10), (20, 0), (10, 0));

        var fault = RunTimeline.WithRecovery([Struck(1, 3)], Began, seconds, rate: 10).ShouldHaveSingleItem();

        fault.RecoverySeconds.ShouldBe(1);
    }

    [Fact]
    public void Nobody_can_tell_the_recovery_when_another_fault_struck_before_it()
    {
        var seconds = Seconds((10, 0), (0, 10), (0, 20), (5, 25), (25, 10), (20, 0), (10, 0));

        RunTimeline.WithRecovery([Struck(1, 3), Struck(3.5, 4)], Began, seconds, rate: 10)[0].RecoverySeconds.ShouldBeNull();
    }

    private static StruckFault Struck(double from, double to) =>
        new("kill", FaultArea.Service, "killed", "orders", Began.AddSeconds(from), Began.AddSeconds(to), Note: null, Failure: null);

    private static IReadOnlyList<SecondOfRun> Seconds(params (int Ended, int Open)[] seconds) =>
        [.. seconds.Select((second, i) => new SecondOfRun(i, 10, 10, second.Ended, second.Open, null, null))];

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
