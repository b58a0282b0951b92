using MassTransit;
using Orders.EndingAnOrder;
using Shared.Contracts;

namespace Orders.ReactingToEvents;

/// <summary>
/// Choreography: the first news that decides an order ends it. An order hears at most one of captured, declined and called off,
/// because Payments decides between them on one row, and captured or declined only after its stock was reserved. So the only news
/// that can cross are "no stock" and "called off": both mean neither money nor goods, and whichever comes first names the end.
/// </summary>
internal sealed class OrderReactions(IOrderEndings endings, TimeProvider time) :
    IConsumer<StockRejected>,
    IConsumer<PaymentDeclined>,
    IConsumer<PaymentCalledOff>,
    IConsumer<PaymentCaptured>
{
    /// <summary>Rejects it.</summary>
    public Task Consume(ConsumeContext<StockRejected> context) => RejectAsync(context, context.Message.OrderId, context.Message.Reason);

    /// <summary>Rejects it.</summary>
    public Task Consume(ConsumeContext<PaymentDeclined> context) => RejectAsync(context, context.Message.OrderId, context.Message.Reason);

    /// <summary>Cancels it.</summary>
    public Task Consume(ConsumeContext<PaymentCalledOff> context) =>
        EndAsync(context, OrderStates.Cancelled, new OrderCancelled(context.Message.OrderId, context.Message.Reason, time.GetUtcNow()));

    /// <summary>Confirms it.</summary>
    public Task Consume(ConsumeContext<PaymentCaptured> context) =>
        EndAsync(context, OrderStates.Confirmed, new OrderConfirmed(context.Message.OrderId, time.GetUtcNow()));

    private Task RejectAsync(ConsumeContext context, Guid orderId, string reason) =>
        EndAsync(context, OrderStates.Rejected, new OrderRejected(orderId, reason, time.GetUtcNow()));

    private async Task EndAsync<T>(ConsumeContext context, string state, T end)
        where T : class, IOrderEvent
    {
        if (await endings.EndAsync(end.OrderId, state, context.CancellationToken))
            await context.Publish(end);
    }
}
