using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.CommittingStock;

/// <summary>Takes what is reserved for an order out of the warehouse for good.</summary>
internal sealed class CommitStockConsumer(InventoryDbContext db, Warehouse warehouse, TimeProvider time) : IConsumer<CommitStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<CommitStock> context)
    {
        var orderId = context.Message.OrderId;
        var reservation = await db.Reservations.FindAsync([orderId], context.CancellationToken);
        switch (reservation?.State)
        {
            case ReservationState.Reserved:
                reservation.State = ReservationState.Committed;
                await warehouse.MoveAsync(reservation, MovementKind.Committed, context.CancellationToken);
                await context.Publish(new StockCommitted(orderId, time.GetUtcNow()));
                break;
            case ReservationState.Committed:
                break;
            default:
                throw new IllegalReservationChangeException(orderId, reservation?.State, ReservationState.Committed);
        }
    }
}
