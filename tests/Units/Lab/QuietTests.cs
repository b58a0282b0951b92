using Lab.Checking;
using Lab.Reading;

namespace Units.Lab;

public sealed class QuietTests
{
    private static readonly UnderWay Nothing = new([], IsDelivering: false);
    private static readonly UnderWay Stuck = new(["stuck"], IsDelivering: false);
    private static readonly UnderWay Late = new(["late"], IsDelivering: true);

    private static ParkedMessage AParkedOne => new("payments", "m", "t", "k", "parked", null, 1);
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Everything_that_moves_is_named() => Quiet.Describe(new Snapshot
    {
        Backlogs = [new Backlog("orders", 2, []), new Backlog("payments", 0, [AParkedOne])],
        Lags = [AQuietSystem.Lag("inventory", 3), AQuietSystem.Lag("inventory", 4)],
        Unowned = [new UnownedPartition("orders.read-model", "inventory.events", 0), new UnownedPartition("orders.read-model", "payments.events", 0)],
        Stock = [new StockRow("TEA", 10, 4, 6, 0)],
        Payments = [new PaymentRow(AQuietSystem.Confirmed, "Captured"), new PaymentRow(AQuietSystem.Cancelled, "Voiding")],
        Ledger =
        [
            AQuietSystem.Entry(1, AQuietSystem.Confirmed, "authorized", 1m),
            AQuietSystem.Entry(2, AQuietSystem.Cancelled, "authorized", 1m),
            AQuietSystem.Entry(3, AQuietSystem.Confirmed, "captured", 1m),
        ],
    }).Left.ShouldBe([
            "2 rows in the outbox of orders",
            "inventory 7 messages behind",
            "2 partitions of orders.read-model that no service of this system owns",
            "1 messages parked",
            "6 pieces reserved",
            "1 payments the provider has not settled",
            "1 authorisations neither captured nor voided"]);

    [Fact]
    public void Nothing_is_named_when_nothing_moves()
    {
        var seen = Quiet.Describe(AQuietSystem.Snapshot());

        seen.Left.ShouldBeEmpty();
        seen.IsDelivering.ShouldBeFalse();
    }

    [Fact]
    public void What_waits_for_no_consumer_is_not_being_delivered()
    {
        Quiet.Describe(new Snapshot
        {
            Orders = [new OrderRow(AQuietSystem.Confirmed, "Placed", "AuthorizingPayment", 30m, "EUR")],
            Stock = [new StockRow("TEA", 10, 4, 6, 0)],
            Payments = [new PaymentRow(AQuietSystem.Confirmed, "Authorizing")],
            Backlogs = [new Backlog("orders", 2, [])],
        }).IsDelivering.ShouldBeFalse();
        Quiet.Describe(new Snapshot { Backlogs = [new Backlog("payments", 0, [AParkedOne])] }).IsDelivering.ShouldBeFalse();
    }

    [Fact]
    public void What_somebody_has_still_to_read_is_to_be_delivered()
    {
        Quiet.Describe(new Snapshot { Lags = [AQuietSystem.Lag("inventory", 3)] }).IsDelivering.ShouldBeTrue();
        Quiet.Describe(new Snapshot { Unowned = [new UnownedPartition("orders.read-model", "inventory.events", 0)] }).IsDelivering.ShouldBeTrue();
    }

    [Fact]
    public async Task One_quiet_reading_between_two_others_is_not_enough() =>
        (await WaitAsync([Stuck, Nothing, Stuck, .. Times(4, Nothing)])).ShouldBeEmpty();

    [Fact]
    public async Task What_never_becomes_quiet_is_told_when_the_time_is_up() =>
        (await WaitAsync([.. Times(5, Stuck)])).ShouldBe(["stuck"]);

    [Fact]
    public async Task What_waits_for_a_late_message_may_take_longer() =>
        (await WaitAsync([.. Times(7, Late), .. Times(4, Nothing)])).ShouldBeEmpty();

    /// <summary>Between two messages of a flow there is none, and the time may be up just then; or all wait for a deadline.</summary>
    [Fact]
    public async Task What_a_late_message_set_off_is_not_stuck() =>
        (await WaitAsync([Late, Late, Stuck, Late, .. Times(4, Stuck), .. Times(4, Nothing)])).ShouldBeEmpty();

    [Fact]
    public async Task What_is_stuck_after_the_last_message_is_told() =>
        (await WaitAsync([.. Times(5, Late), .. Times(5, Stuck)])).ShouldBe(["stuck"]);

    [Fact]
    public async Task What_follows_a_message_is_waited_for_from_when_it_was_handled() =>
        (await WaitAsync([Late, .. Times(5, Stuck)])).ShouldBe(["stuck"]);

    [Fact]
    public async Task A_message_that_is_never_handled_is_waited_for_in_vain_once() => (await WaitAsync([.. Times(13, Late)])).ShouldBe(["late"]);

    [Fact]
    public async Task Nothing_is_waited_for_longer_than_a_late_message() =>
        (await WaitAsync([.. Times(12, Late), Stuck])).ShouldBe(["stuck"]);

    [Fact]
    public async Task Without_a_limit_of_its_own_a_late_message_is_not_waited_for() =>
        (await WaitAsync(TimeSpan.Zero, [.. Times(5, Late)])).ShouldBe(["late"]);

    private static IEnumerable<UnderWay> Times(int times, UnderWay seen) => Enumerable.Repeat(seen, times);

    private static Task<IReadOnlyList<string>> WaitAsync(params UnderWay[] told) => WaitAsync(TimeSpan.FromSeconds(40), told);

    // Every reading takes 5 s, the limit is 20 s. All readings must be asked for, and no more.
    private static async Task<IReadOnlyList<string>> WaitAsync(TimeSpan deliveryLimit, UnderWay[] told)
    {
        var readings = new Queue<UnderWay>(told);
        var clock = new Clock();
        var left = await Quiet.WaitAsync(
            _ =>
            {
                clock.Now += TimeSpan.FromSeconds(5);
                return Task.FromResult(readings.Dequeue());
            },
            TimeSpan.Zero, TimeSpan.FromSeconds(20), deliveryLimit, clock, Cancel);
        readings.ShouldBeEmpty();
        return left;
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
