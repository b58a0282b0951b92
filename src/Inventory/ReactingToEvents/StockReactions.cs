using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.ReactingToEvents;

/// <summary>
/// Choreography: what happens to stock when something happened to an order or to its payment. Orders' and Payments' topics have no
/// order between them, so a payment may be called off before its order was heard of. It is captured or declined only after this
/// service has told that the stock is reserved.
/// </summary>
internal sealed class StockReactions(Reservations reservations) :
    IConsumer<OrderPlaced>,
    IConsumer<PaymentCaptured>,
    IConsumer<PaymentDeclined>,
    IConsumer<PaymentCalledOff>
{
    /// <summary>Reserves its stock.</summary>
    public async Task Consume(ConsumeContext<OrderPlaced> context)
    {
        StockLine[] lines = [.. context.Message.Lines.Select(line => new StockLine(line.Sku, line.Quantity))];
        // Once released, nobody waits for the answer any more. To Orders it could come before the news of the payment, and be taken for a shortage.
        if (await reservations.ReserveAsync(context.Message.OrderId, lines, context.CancellationToken, tellsReleased: false) is { } answer)
            await context.Publish(answer, answer.GetType());
    }

    /// <summary>Lets its stock go.</summary>
    public async Task Consume(ConsumeContext<PaymentCaptured> context)
    {
        if (await reservations.CommitAsync(context.Message.OrderId, context.CancellationToken) is { } committed)
            await context.Publish(committed);
    }

    /// <summary>Puts its stock back.</summary>
    public Task Consume(ConsumeContext<PaymentDeclined> context) => ReleaseAsync(context, context.Message.OrderId);

    /// <summary>Puts its stock back.</summary>
    public Task Consume(ConsumeContext<PaymentCalledOff> context) => ReleaseAsync(context, context.Message.OrderId);

    private async Task ReleaseAsync(ConsumeContext context, Guid orderId)
    {
        if (await reservations.ReleaseAsync(orderId, context.CancellationToken) is { } released)
            await context.Publish(released);
    }
}
