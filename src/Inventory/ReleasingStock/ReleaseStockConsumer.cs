using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.ReleasingStock;

/// <summary>Puts back what is reserved for an order. An order that is not known yet is remembered: nothing will be reserved for it.</summary>
internal sealed class ReleaseStockConsumer(Reservations reservations) : IConsumer<ReleaseStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ReleaseStock> context)
    {
        if (await reservations.ReleaseAsync(context.Message.OrderId, context.CancellationToken) is { } released)
            await context.Publish(released);
    }
}
