using MassTransit;
using Shared.Contracts;

namespace Orders.ReadingOrders;

/// <summary>Feeds <see cref="OrderView"/> with the events of all three services.</summary>
internal sealed class OrderViewProjection(OrdersDbContext db) :
    IConsumer<OrderPlaced>,
    IConsumer<OrderCancellationRequested>,
    IConsumer<OrderConfirmed>,
    IConsumer<OrderRejected>,
    IConsumer<OrderCancelled>,
    IConsumer<StockReserved>,
    IConsumer<StockRejected>,
    IConsumer<StockReleased>,
    IConsumer<StockCommitted>,
    IConsumer<PaymentAuthorized>,
    IConsumer<PaymentDeclined>,
    IConsumer<PaymentCaptured>,
    IConsumer<PaymentVoided>,
    IConsumer<PaymentCalledOff>
{
    public Task Consume(ConsumeContext<OrderPlaced> context)
    {
        db.OrderViewChanges.Place(context.Message);
        return Task.CompletedTask;
    }

    public Task Consume(ConsumeContext<OrderCancellationRequested> context) => Add(context.Message, "cancellation-requested");

    public Task Consume(ConsumeContext<OrderConfirmed> context) => Add(context.Message, "order-confirmed", OrderStates.Confirmed);

    public Task Consume(ConsumeContext<OrderRejected> context) =>
        Add(context.Message, "order-rejected", OrderStates.Rejected, context.Message.Reason);

    public Task Consume(ConsumeContext<OrderCancelled> context) =>
        Add(context.Message, "order-cancelled", OrderStates.Cancelled, context.Message.Reason);

    public Task Consume(ConsumeContext<StockReserved> context) => Add(context.Message, "stock-reserved", OrderStates.StockReserved);

    public Task Consume(ConsumeContext<StockRejected> context) => Add(context.Message, "stock-rejected", detail: context.Message.Reason);

    public Task Consume(ConsumeContext<StockReleased> context) => Add(context.Message, "stock-released");

    public Task Consume(ConsumeContext<StockCommitted> context) => Add(context.Message, "stock-committed");

    public Task Consume(ConsumeContext<PaymentAuthorized> context) =>
        Add(context.Message, "payment-authorized", OrderStates.PaymentAuthorized);

    public Task Consume(ConsumeContext<PaymentDeclined> context) => Add(context.Message, "payment-declined", detail: context.Message.Reason);

    public Task Consume(ConsumeContext<PaymentCaptured> context) => Add(context.Message, "payment-captured");

    public Task Consume(ConsumeContext<PaymentVoided> context) => Add(context.Message, "payment-voided");

    public Task Consume(ConsumeContext<PaymentCalledOff> context) =>
        Add(context.Message, "payment-called-off", detail: context.Message.Reason);

    private Task Add(IOrderEvent message, string what, string state = OrderStates.Placed, string? detail = null)
    {
        db.OrderViewChanges.Add(message.OrderId, new TimelineEntry(message.At, what, detail), state);
        return Task.CompletedTask;
    }
}
