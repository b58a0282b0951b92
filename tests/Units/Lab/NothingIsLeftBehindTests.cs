using Lab.Checking;
using static Units.Lab.AQuietSystem;

namespace Units.Lab;

public sealed class NothingIsLeftBehindTests
{
    private readonly NothingIsLeftBehind _invariant = new();
    private readonly Snapshot _quiet = Snapshot();

    [Fact]
    public void Holds_when_nothing_is_left() => _invariant.Check(_quiet).ShouldBeEmpty();

    [Fact]
    public void Holds_when_a_dead_letter_names_its_cause() =>
        _invariant.Check(Orders(new Backlog("orders", 0, [Message("dead", "no such type")]))).ShouldBeEmpty();

    [Theory]
    [InlineData(null)]
    [InlineData(" ")]
    public void Breaks_when_a_dead_letter_names_no_cause(string? cause) => _invariant.ShouldFind(
        Orders(new Backlog("orders", 0, [Message("dead", cause)])),
        "message m-1", "inventory.reserve-stock.v1 of o-1 is dead at orders without a cause");

    [Fact]
    public void Breaks_when_an_outbox_has_rows() =>
        _invariant.ShouldFind(Orders(new Backlog("orders", 3, [])), "outbox of orders", "3 rows");

    [Fact]
    public void Breaks_when_a_message_waits_for_a_retry() => _invariant.ShouldFind(
        Orders(new Backlog("orders", 0, [Message("parked", "timeout")])),
        "message m-1", "still parked at orders after 2 attempts: timeout");

    [Fact]
    public void Breaks_when_a_consumer_lags() => _invariant.ShouldFind(
        _quiet with { Lags = _quiet.Lags.And(Lag("payments", 7)) }, "consumer payments", "7 messages behind on payments.events, partition 0");

    [Fact]
    public void Breaks_when_nobody_owns_a_partition() => _invariant.ShouldFind(
        _quiet with { Unowned = [new UnownedPartition("orders.read-model", "inventory.events", 2)] },
        "consumer orders.read-model", "no service of this system owned partition 2 of inventory.events");

    [Fact]
    public void Breaks_when_an_outbox_was_not_seen() => _invariant.ShouldFind(
        _quiet with { Backlogs = _quiet.Backlogs.Without(backlog => backlog.Service == "payments") }, "payments", "its outbox was not seen");

    private static ParkedMessage Message(string state, string? cause) =>
        new("orders", "m-1", "inventory.reserve-stock.v1", "o-1", state, cause, 2);

    private Snapshot Orders(Backlog backlog) => _quiet with { Backlogs = _quiet.Backlogs.With(other => other.Service == "orders", _ => backlog) };
}
