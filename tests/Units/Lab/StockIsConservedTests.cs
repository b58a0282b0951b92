using Lab.Checking;
using static Units.Lab.AQuietSystem;

namespace Units.Lab;

public sealed class StockIsConservedTests
{
    private readonly StockIsConserved _invariant = new();
    private readonly Snapshot _quiet = Snapshot();

    [Fact]
    public void Holds_when_everything_adds_up() => _invariant.Check(_quiet).ShouldBeEmpty();

    [Fact]
    public void Breaks_when_a_piece_vanished() =>
        _invariant.ShouldFind(Tea(stock => stock with { OnHand = 97 }), "sku TEA", "do not add up to the initial 100");

    [Fact]
    public void Breaks_when_a_piece_stayed_reserved() =>
        _invariant.ShouldFind(Tea(stock => stock with { OnHand = 97, Reserved = 1 }), "sku TEA", "1 still reserved");

    [Fact]
    public void Breaks_when_more_was_reserved_than_there_is() =>
        _invariant.ShouldFind(
            Tea(stock => stock with { InitialOnHand = 1, OnHand = -1 }), "sku TEA", "negative: on hand -1, reserved 0, committed 2");

    [Fact]
    public void Breaks_when_an_order_was_committed_twice() =>
        _invariant.ShouldFind(Tea(stock => stock with { OnHand = 96, Committed = 4 }), "sku TEA", "4 committed, 2 in confirmed orders");

    [Fact]
    public void Breaks_when_the_stock_of_an_order_that_did_not_confirm_was_committed() =>
        _invariant.ShouldFind(
            _quiet with { Orders = _quiet.Orders.With(order => order.OrderId == Confirmed, order => order with { State = "Cancelled" }), Stock = [Stock("TEA"), Stock("CUP", onHand: 50, committed: 0)] },
            "sku TEA", "2 committed, 0 in confirmed orders");

    [Fact]
    public void Breaks_when_a_confirmed_order_asks_for_what_is_no_stock() =>
        _invariant.ShouldFind(_quiet with { Stock = [Stock("TEA")] }, "sku CUP", "1 confirmed, but there is no such stock");

    private static StockRow Stock(string sku, int onHand = 98, int committed = 2) => new(sku, onHand + committed, onHand, 0, committed);

    private Snapshot Tea(Func<StockRow, StockRow> change) =>
        _quiet with { Stock = _quiet.Stock.With(stock => stock.Sku == "TEA", change) };
}
