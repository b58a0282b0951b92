using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.ReservingStock;

/// <summary>Reserves all lines of an order, or none.</summary>
internal sealed class ReserveStockConsumer(Reservations reservations) : IConsumer<ReserveStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ReserveStock> context)
    {
        if (await reservations.ReserveAsync(context.Message.OrderId, context.Message.Lines, context.CancellationToken) is { } answer)
            await context.Publish(answer, answer.GetType());
    }
}
