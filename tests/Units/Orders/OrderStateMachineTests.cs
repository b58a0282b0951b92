using Orders.FulfillingAnOrder;
using Shared.Contracts;

namespace Units.Orders;

/// <summary>Every path of the fulfilment, step by step.</summary>
public sealed class OrderStateMachineTests(FulfilmentBench bench) : IClassFixture<FulfilmentBench>
{
    private readonly Guid _orderId = Guid.CreateVersion7();
    private readonly DateTimeOffset _at = DateTimeOffset.UtcNow;

    private OrderPlaced Placed => new(_orderId, "customer-1", [new("KETTLE", 2, 79m), new("GRINDER", 1, 149m)], 307m, "EUR", "visa", _at);

    private string? State => bench.Find(_orderId)?.CurrentState;

    [Fact]
    public async Task A_placed_order_has_its_stock_reserved_within_a_deadline()
    {
        var sent = await bench.DeliverAsync(Placed);

        State.ShouldBe("ReservingStock");
        sent.Count.ShouldBe(2);
        var reserve = sent[0].Message.ShouldBeOfType<ReserveStock>();
        reserve.OrderId.ShouldBe(_orderId);
        reserve.Lines.ShouldBe([new StockLine("KETTLE", 2), new StockLine("GRINDER", 1)]);
        sent[1].Message.ShouldBe(new StockDeadlinePassed(_orderId));
        sent[1].Delay.ShouldNotBeNull().ShouldBe(FulfilmentBench.StockDeadline, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_order_with_stock_has_its_payment_authorised_within_a_deadline()
    {
        var stockDeadline = (await bench.DeliverAsync(Placed))[1].Token;

        var sent = await bench.DeliverAsync(new StockReserved(_orderId, _at));

        State.ShouldBe("AuthorizingPayment");
        sent.Select(one => one.ToString()).Take(2).ShouldBe(["taken back", "AuthorizePayment"]);
        sent[0].Token.ShouldBe(stockDeadline);
        sent[1].Message.ShouldBe(new AuthorizePayment(_orderId, 307m, "EUR", "visa"));
        sent[2].Message.ShouldBe(new PaymentDeadlinePassed(_orderId));
        sent[2].Delay.ShouldNotBeNull().ShouldBe(FulfilmentBench.PaymentDeadline, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task An_authorised_order_is_captured_and_its_stock_committed()
    {
        await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(new PaymentAuthorized(_orderId, _at));

        State.ShouldBe("CapturingPayment");
        sent.Select(one => one.ToString()).ShouldBe(["taken back", "CapturePayment", "CommitStock"]);
        bench.EndingsOf(_orderId).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_order_is_confirmed_once_its_money_is_captured()
    {
        await ReachCapturingAsync();

        var sent = await bench.DeliverAsync(new PaymentCaptured(_orderId, _at));

        sent.ShouldHaveSingleItem().Message.ShouldBeOfType<OrderConfirmed>();
        ShouldHaveEnded("Confirmed");
    }

    [Fact]
    public async Task An_order_without_stock_is_rejected_and_nobody_is_charged()
    {
        await bench.DeliverAsync(Placed);

        var sent = await bench.DeliverAsync(new StockRejected(_orderId, "KETTLE: 2 ordered, 1 on hand", _at, "KETTLE"));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "OrderRejected"]);
        sent[1].Message.ShouldBeOfType<OrderRejected>().Reason.ShouldBe("KETTLE: 2 ordered, 1 on hand");
        ShouldHaveEnded("Rejected");
    }

    [Fact]
    public async Task A_declined_order_is_rejected_and_its_stock_released()
    {
        await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(new PaymentDeclined(_orderId, "The card was declined.", _at));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "ReleaseStock", "OrderRejected"]);
        sent[2].Message.ShouldBeOfType<OrderRejected>().Reason.ShouldBe("The card was declined.");
        ShouldHaveEnded("Rejected");
    }

    [Fact]
    public async Task An_order_cancelled_before_its_payment_was_asked_for_only_releases_its_stock()
    {
        await bench.DeliverAsync(Placed);

        var sent = await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "ReleaseStock", "OrderCancelled"]);
        sent[2].Message.ShouldBeOfType<OrderCancelled>().Reason.ShouldBe(OrderStateMachine.Reasons.Customer);
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task An_order_cancelled_after_its_payment_was_asked_for_voids_it_too()
    {
        await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at));

        sent.Select(one => one.ToString()).ShouldBe(["taken back", "ReleaseStock", "VoidPayment", "OrderCancelled"]);
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task A_cancellation_while_the_money_is_being_taken_is_too_late()
    {
        await ReachCapturingAsync();

        (await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at))).ShouldBeEmpty();
        State.ShouldBe("CapturingPayment");

        await bench.DeliverAsync(new PaymentCaptured(_orderId, _at));
        ShouldHaveEnded("Confirmed");
    }

    [Fact]
    public async Task An_order_whose_stock_takes_too_long_is_cancelled_and_whatever_is_reserved_released()
    {
        var deadline = (await bench.DeliverAsync(Placed))[1];

        var sent = await bench.DeliverAsync(deadline.Message!, deadline.Token);

        sent.Select(one => one.ToString()).ShouldBe(["ReleaseStock", "OrderCancelled"]);
        sent[1].Message.ShouldBeOfType<OrderCancelled>().Reason.ShouldBe(OrderStateMachine.Reasons.StockDeadline);
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task An_order_whose_payment_takes_too_long_is_cancelled_released_and_voided()
    {
        var deadline = await ReachAuthorizingAsync();

        var sent = await bench.DeliverAsync(deadline.Message!, deadline.Token);

        sent.Select(one => one.ToString()).ShouldBe(["ReleaseStock", "VoidPayment", "OrderCancelled"]);
        sent[2].Message.ShouldBeOfType<OrderCancelled>().Reason.ShouldBe(OrderStateMachine.Reasons.PaymentDeadline);
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task A_deadline_that_could_not_be_taken_back_in_time_changes_nothing()
    {
        var stockDeadline = (await bench.DeliverAsync(Placed))[1];
        var paymentDeadline = (await bench.DeliverAsync(new StockReserved(_orderId, _at)))[2];

        (await bench.DeliverAsync(stockDeadline.Message!, stockDeadline.Token)).ShouldBeEmpty();
        State.ShouldBe("AuthorizingPayment");

        await bench.DeliverAsync(new PaymentAuthorized(_orderId, _at));
        (await bench.DeliverAsync(paymentDeadline.Message!, paymentDeadline.Token)).ShouldBeEmpty();
        State.ShouldBe("CapturingPayment");
    }

    [Fact]
    public async Task Replies_that_cross_a_cancellation_change_nothing()
    {
        await bench.DeliverAsync(Placed);
        await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at));

        (await bench.DeliverAsync(new StockReserved(_orderId, _at))).ShouldBeEmpty();
        (await bench.DeliverAsync(new PaymentAuthorized(_orderId, _at))).ShouldBeEmpty();
        (await bench.DeliverAsync(new PaymentDeclined(_orderId, "late", _at))).ShouldBeEmpty();
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task An_order_placed_twice_is_fulfilled_once()
    {
        await bench.DeliverAsync(Placed);
        (await bench.DeliverAsync(Placed)).ShouldBeEmpty();
        await bench.DeliverAsync(new StockReserved(_orderId, _at));
        (await bench.DeliverAsync(Placed)).ShouldBeEmpty();
        State.ShouldBe("AuthorizingPayment");
    }

    [Fact]
    public async Task Money_captured_for_a_cancelled_order_is_not_passed_over()
    {
        await ReachAuthorizingAsync();
        await bench.DeliverAsync(new OrderCancellationRequested(_orderId, _at));

        await Should.ThrowAsync<FulfilmentBench.ParkedException>(() => bench.DeliverAsync(new PaymentCaptured(_orderId, _at)));
        ShouldHaveEnded("Cancelled");
    }

    [Fact]
    public async Task A_reply_for_an_order_that_nobody_placed_is_not_passed_over() =>
        await Should.ThrowAsync<FulfilmentBench.ParkedException>(() => bench.DeliverAsync(new StockReserved(Guid.CreateVersion7(), _at)));

    private void ShouldHaveEnded(string state)
    {
        State.ShouldBe(state);
        bench.EndingsOf(_orderId).ShouldBe([state]);
    }

    private async Task<FulfilmentBench.Sent> ReachAuthorizingAsync()
    {
        await bench.DeliverAsync(Placed);
        return (await bench.DeliverAsync(new StockReserved(_orderId, _at)))[2];
    }

    private async Task ReachCapturingAsync()
    {
        await ReachAuthorizingAsync();
        await bench.DeliverAsync(new PaymentAuthorized(_orderId, _at));
    }
}
