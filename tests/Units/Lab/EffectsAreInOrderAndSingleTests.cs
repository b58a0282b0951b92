using Lab.Checking;
using static Units.Lab.AQuietSystem;

namespace Units.Lab;

public sealed class EffectsAreInOrderAndSingleTests
{
    private readonly EffectsAreInOrderAndSingle _invariant = new();
    private readonly Snapshot _quiet = Snapshot();

    [Fact]
    public void Holds_when_each_effect_appears_once_and_in_order() => _invariant.Check(_quiet).ShouldBeEmpty();

    [Fact]
    public void Breaks_when_a_message_took_effect_twice() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.And(Move(20, Declined, "TEA", "released", 3)) },
        $"order {Declined}", "TEA was [reserved, released, released] instead of [reserved, released]");

    [Fact]
    public void Breaks_when_stock_was_released_before_it_was_reserved() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.With(move => move is { Kind: "released", Sku: "TEA" }, move => move with { MovementId = 0 }) },
        $"order {Declined}", "TEA was [released, reserved] instead of [reserved, released]");

    [Fact]
    public void Breaks_when_a_confirmed_order_gave_its_stock_back() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.With(move => move is { Kind: "committed", Sku: "CUP" }, move => move with { Kind = "released" }) },
        $"order {Confirmed}", "Confirmed, but CUP was [reserved, released] instead of [reserved, committed]");

    [Fact]
    public void Breaks_when_another_quantity_was_moved() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.With(move => move is { Kind: "released", Sku: "CUP" }, move => move with { Quantity = 3 }) },
        $"order {Cancelled}", "CUP: released 3 instead of 4");

    [Fact]
    public void Breaks_when_money_was_captured_before_it_was_authorised() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.With(entry => entry.Kind == "captured", entry => entry with { Sequence = 1 }) },
        $"order {Confirmed}", "payment went [captured, authorized]");

    [Fact]
    public void Breaks_when_money_was_voided_twice() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.And(Entry(20, Cancelled, "voided", 40m)) },
        $"order {Cancelled}", "payment went [authorized, voided, voided]");

    [Fact]
    public void Breaks_when_one_idempotency_key_has_two_entries() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.With(entry => entry.Reference == Confirmed.ToString(), entry => entry with { IdempotencyKey = "k" }) },
        $"order {Confirmed}", "2 ledger entries for the one idempotency key k");

    [Fact]
    public void Breaks_when_money_was_authorised_before_stock_was_reserved() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.With(move => move.MovementId == 4, move => move with { At = At(8) }) },
        $"order {Cancelled}", "money authorised before CUP was reserved");

    [Fact]
    public void Breaks_when_stock_was_committed_before_money_was_authorised() => _invariant.ShouldFind(
        _quiet with { Movements = _quiet.Movements.With(move => move.MovementId == 12, move => move with { At = At(4) }) },
        $"order {Confirmed}", "CUP committed before money was authorised");

    [Fact]
    public void Breaks_when_an_effect_happened_before_its_cause() => _invariant.ShouldFind(
        Timeline("order-placed", "payment-authorized", "stock-reserved", "stock-committed", "payment-captured", "order-confirmed"),
        $"order {Confirmed}", "payment-authorized happened before stock-reserved");

    [Fact]
    public void Breaks_when_something_happened_twice() => _invariant.ShouldFind(
        Timeline("order-placed", "stock-reserved", "payment-authorized", "stock-committed", "payment-captured", "payment-captured", "order-confirmed"),
        $"order {Confirmed}", "payment-captured happened 2 times");

    [Fact]
    public void Breaks_when_a_confirmed_order_missed_a_step() => _invariant.ShouldFind(
        Timeline("order-placed", "stock-reserved", "payment-authorized", "payment-captured", "order-confirmed"),
        $"order {Confirmed}", "Confirmed, but stock-committed never happened");

    [Theory]
    [InlineData("order-placed", "order-confirmed")]
    [InlineData("order-placed", "cancellation-requested")]
    [InlineData("stock-reserved", "stock-committed")]
    [InlineData("stock-reserved", "stock-released")]
    [InlineData("payment-authorized", "payment-captured")]
    [InlineData("payment-authorized", "payment-voided")]
    public void Breaks_when_the_read_model_was_told_something_before_what_its_topic_told_earlier(string first, string then) => _invariant.ShouldFind(
        Told(then, first), $"order {Confirmed}", $"the read model was told {then} before {first}");

    [Fact]
    public void Holds_when_the_read_model_was_told_of_other_topics_in_any_order() => _invariant.Check(Told(
        "payment-authorized", "order-placed", "stock-reserved", "payment-captured", "order-confirmed", "stock-committed", "order-placed")).ShouldBeEmpty();

    private Snapshot Told(params string[] told) =>
        _quiet with { Views = _quiet.Views.With(view => view.OrderId == Confirmed, view => view with { Told = told }) };

    private Snapshot Timeline(params string[] happened) =>
        _quiet with { Views = _quiet.Views.With(view => view.OrderId == Confirmed, _ => View(Confirmed, "Confirmed", happened)) };
}
