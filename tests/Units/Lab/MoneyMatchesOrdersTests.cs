using Lab.Checking;
using static Units.Lab.AQuietSystem;

namespace Units.Lab;

public sealed class MoneyMatchesOrdersTests
{
    private readonly MoneyMatchesOrders _invariant = new();
    private readonly Snapshot _quiet = Snapshot();

    [Fact]
    public void Holds_when_exactly_the_confirmed_orders_were_captured() => _invariant.Check(_quiet).ShouldBeEmpty();

    [Fact]
    public void Breaks_when_an_order_was_captured_twice() =>
        Seen(_quiet with { Ledger = _quiet.Ledger.And(Entry(20, Confirmed, "captured", 30m)) })
            .ShouldBe([$"order {Confirmed}: Confirmed, but captured 2 times", "currency EUR: captured 60, confirmed 30"]);

    [Fact]
    public void Breaks_when_a_confirmed_order_was_not_captured() =>
        Seen(_quiet with { Ledger = _quiet.Ledger.Without(entry => entry.Kind == "captured") })
            .ShouldBe([$"order {Confirmed}: Confirmed, but captured 0 times", "currency EUR: captured 0, confirmed 30"]);

    [Fact]
    public void Breaks_when_another_amount_was_captured() =>
        Seen(_quiet with { Ledger = _quiet.Ledger.With(entry => entry.Kind == "captured", entry => entry with { Amount = 29m }) })
            .ShouldBe([$"order {Confirmed}: captured 29 EUR instead of 30 EUR", "currency EUR: captured 29, confirmed 30"]);

    [Fact]
    public void Breaks_when_another_currency_was_captured() =>
        Seen(_quiet with { Ledger = _quiet.Ledger.With(entry => entry.Kind == "captured", entry => entry with { Currency = "USD" }) })
            .ShouldBe([
                $"order {Confirmed}: captured 30 USD instead of 30 EUR",
                "currency EUR: captured 0, confirmed 30",
                "currency USD: captured 30, confirmed 0"]);

    [Fact]
    public void Breaks_when_a_confirmed_order_was_voided_as_well() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.And(Entry(20, Confirmed, "voided", 30m)) }, $"order {Confirmed}", "Confirmed, but voided 1 times");

    [Fact]
    public void Breaks_when_a_cancelled_order_was_captured() =>
        Seen(_quiet with { Ledger = _quiet.Ledger.With(entry => entry.Kind == "voided", entry => entry with { Kind = "captured" }) })
            .ShouldBe([$"order {Cancelled}: Cancelled, but captured 1 times", "currency EUR: captured 70, confirmed 30"]);

    [Fact]
    public void Breaks_when_an_authorisation_is_left() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.Without(entry => entry.Kind == "voided") },
        $"order {Cancelled}", "Cancelled, but its authorisation was not voided");

    [Fact]
    public void Breaks_when_the_customer_was_charged_twice_for_one_order() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.And(Entry(8, Confirmed, "authorized", 30m)) }, $"order {Confirmed}", "authorised 2 times");

    [Fact]
    public void Breaks_when_the_provider_knows_an_order_that_does_not_exist() => _invariant.ShouldFind(
        _quiet with { Ledger = _quiet.Ledger.And(Entry(20, Stranger, "authorized", 1m)) },
        $"payment {Stranger}", "1 ledger entries for an order that does not exist");

    [Theory]
    [InlineData("Voided")]
    [InlineData("Capturing")]
    [InlineData("CaptureRefused")]
    public void Breaks_when_Payments_does_not_know_of_the_capture(string state) => _invariant.ShouldFind(
        _quiet with { Payments = _quiet.Payments.With(payment => payment.OrderId == Confirmed, payment => payment with { State = state }) },
        $"order {Confirmed}", $"Confirmed, but Payments has it as {state}");

    [Theory]
    [InlineData("Captured")]
    [InlineData("Authorized")]
    [InlineData("VoidRefused")]
    public void Breaks_when_Payments_has_not_let_go_of_the_money_of_a_cancelled_order(string state) => _invariant.ShouldFind(
        _quiet with { Payments = _quiet.Payments.With(payment => payment.OrderId == Cancelled, payment => payment with { State = state }) },
        $"order {Cancelled}", $"Cancelled, but Payments has it as {state}");

    private string[] Seen(Snapshot snapshot) => [.. _invariant.Check(snapshot).Select(violation => $"{violation.Subject}: {violation.Seen}")];
}
