using Shared.Contracts;
using Units.Orders;

namespace Units.Antipatterns;

/// <summary>The saga that undoes nothing. What holds instead: <see cref="OrderStateMachineTests"/>.</summary>
public sealed class NoCompensationTests(NoCompensationTests.Bench bench) : IClassFixture<NoCompensationTests.Bench>
{
    private readonly Guid _orderId = Guid.CreateVersion7();
    private readonly DateTimeOffset _at = DateTimeOffset.UtcNow;

    [Fact]
    public async Task A_declined_order_keeps_its_stock()
    {
        await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(new PaymentDeclined(_orderId, "The card was declined.", _at));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "OrderRejected"]);
        bench.EndingsOf(_orderId).ShouldBe(["Rejected"], "to whoever looks at the order, all is well");
    }

    [Fact]
    public async Task A_cancelled_order_keeps_its_stock_and_its_money()
    {
        await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "OrderCancelled"]);
    }

    [Fact]
    public async Task An_order_that_is_paid_for_is_fulfilled_as_ever()
    {
        await ReachAuthorizingAsync();

        await bench.DeliverAsync(new PaymentAuthorized(_orderId, _at));
        await bench.DeliverAsync(new PaymentCaptured(_orderId, _at));

        bench.EndingsOf(_orderId).ShouldBe(["Confirmed"]);
    }

    private async Task ReachAuthorizingAsync()
    {
        await bench.DeliverAsync(new OrderPlaced(_orderId, "customer-1", [new("KETTLE", 2, 79m)], 158m, "EUR", "visa", _at));
        await bench.DeliverAsync(new StockReserved(_orderId, _at));
    }

    public sealed class Bench : FulfilmentBench
    {
        private protected override string? Antipattern => "no-compensation";
    }
}
