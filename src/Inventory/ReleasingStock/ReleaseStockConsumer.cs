using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.ReleasingStock;

/// <summary>Puts back what is reserved for an order. An order that is not known yet is remembered: nothing will be reserved for it.</summary>
internal sealed class ReleaseStockConsumer(InventoryDbContext db, Warehouse warehouse, TimeProvider time) : IConsumer<ReleaseStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ReleaseStock> context)
    {
        var orderId = context.Message.OrderId;
        var reservation = await db.Reservations.FindAsync([orderId], context.CancellationToken);
        switch (reservation?.State)
        {
            case null:
                db.Reservations.Add(new Reservation { OrderId = orderId, State = ReservationState.Released, Lines = [] });
                break;
            case ReservationState.Reserved:
                reservation.State = ReservationState.Released;
                await warehouse.MoveAsync(reservation, MovementKind.Released, context.CancellationToken);
                await context.Publish(new StockReleased(orderId, time.GetUtcNow()));
                break;
            case ReservationState.Committed:
                throw new IllegalReservationChangeException(orderId, reservation.State, ReservationState.Released);
            default:
                // Rejected or released: nothing is reserved.
                break;
        }
    }
}
