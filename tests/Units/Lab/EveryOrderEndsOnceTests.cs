using Lab.Checking;
using static Units.Lab.AQuietSystem;

namespace Units.Lab;

public sealed class EveryOrderEndsOnceTests
{
    private readonly EveryOrderEndsOnce _invariant = new();
    private readonly Snapshot _quiet = Snapshot();

    [Fact]
    public void Holds_when_every_order_has_ended() => _invariant.Check(_quiet).ShouldBeEmpty();

    [Fact]
    public void Breaks_when_an_order_has_not_ended() => _invariant.ShouldFind(
        _quiet with
        {
            Orders = _quiet.Orders.With(order => order.OrderId == Confirmed, order => order with { State = "Placed" }),
            Views = _quiet.Views.With(view => view.OrderId == Confirmed, _ => View(Confirmed, "Placed", "order-placed")),
        },
        $"order {Confirmed}", "still Placed");

    [Fact]
    public void Breaks_when_an_accepted_order_was_lost() => _invariant.ShouldFind(
        _quiet with { Orders = _quiet.Orders.Without(order => order.OrderId == Declined) },
        $"order {Declined}", "accepted, but 0 times in the write model");

    [Fact]
    public void Breaks_when_the_read_model_misses_an_order() => _invariant.ShouldFind(
        _quiet with { Views = _quiet.Views.Without(view => view.OrderId == Declined) },
        $"order {Declined}", "accepted, but 0 times in the read model");

    [Fact]
    public void Breaks_when_an_order_exists_that_was_never_accepted() => _invariant.ShouldFind(
        _quiet with { Orders = _quiet.Orders.And(new OrderRow(Stranger, "Confirmed", "Confirmed", 1m, "EUR")) },
        $"order {Stranger}", "in the write model, but never accepted");

    [Fact]
    public void Breaks_when_the_read_model_tells_of_an_order_that_was_never_accepted() => _invariant.ShouldFind(
        _quiet with { Views = _quiet.Views.And(View(Stranger, "Confirmed", "order-placed", "order-confirmed")) },
        $"order {Stranger}", "in the read model, but never accepted");

    [Fact]
    public void Breaks_when_two_requests_were_given_the_same_order() => _invariant.ShouldFind(
        _quiet with { Accepted = _quiet.Accepted.And(_quiet.Accepted[0]) },
        $"order {Confirmed}", "accepted 2 times");

    [Fact]
    public void Breaks_when_the_models_disagree() => _invariant.Check(
        _quiet with { Orders = _quiet.Orders.With(order => order.OrderId == Cancelled, order => order with { State = "Confirmed", Fulfilment = "Confirmed" }) })
        .Select(violation => violation.Seen)
        .ShouldBe(["Confirmed in the write model, Cancelled in the read model", "Confirmed, but its timeline ends with [order-cancelled]"]);

    [Fact]
    public void Breaks_when_an_order_ended_in_two_ways() => _invariant.ShouldFind(
        _quiet with { Views = _quiet.Views.With(view => view.OrderId == Confirmed, _ => View(Confirmed, "Confirmed", "order-placed", "order-cancelled", "order-confirmed")) },
        $"order {Confirmed}", "its timeline ends with [order-cancelled, order-confirmed]");

    [Theory]
    [InlineData("CapturingPayment", "Confirmed, but its saga is CapturingPayment")]
    [InlineData(null, "Confirmed, but its saga is missing")]
    public void Breaks_when_the_saga_has_not_ended_so(string? fulfilment, string seen) => _invariant.ShouldFind(
        _quiet with { Orders = _quiet.Orders.With(order => order.OrderId == Confirmed, order => order with { Fulfilment = fulfilment }) },
        $"order {Confirmed}", seen);

    [Fact]
    public void Holds_without_sagas_where_the_services_react_to_each_other() => _invariant.Check(WithoutSagas).ShouldBeEmpty();

    [Fact]
    public void Breaks_when_an_order_has_a_saga_that_nobody_runs() => _invariant.ShouldFind(
        WithoutSagas with { Orders = WithoutSagas.Orders.With(order => order.OrderId == Confirmed, order => order with { Fulfilment = "Confirmed" }) },
        $"order {Confirmed}", "it has a saga, Confirmed, and nobody to run it");

    private Snapshot WithoutSagas => _quiet with { HasSagas = false, Orders = [.. _quiet.Orders.Select(order => order with { Fulfilment = null })] };

    [Fact]
    public void Breaks_when_the_timeline_does_not_tell_of_the_end() => _invariant.ShouldFind(
        _quiet with { Views = _quiet.Views.With(view => view.OrderId == Confirmed, view => view with { Timeline = [.. view.Timeline.Take(3)] }) },
        $"order {Confirmed}", "its timeline ends with []");
}
