using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.CommittingStock;

/// <summary>Takes what is reserved for an order out of the warehouse for good.</summary>
internal sealed class CommitStockConsumer(Reservations reservations) : IConsumer<CommitStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<CommitStock> context)
    {
        if (await reservations.CommitAsync(context.Message.OrderId, context.CancellationToken) is { } committed)
            await context.Publish(committed);
    }
}
