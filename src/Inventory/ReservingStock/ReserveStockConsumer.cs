using Inventory.Stock;
using MassTransit;
using Shared.Contracts;

namespace Inventory.ReservingStock;

/// <summary>Reserves all lines of an order, or none.</summary>
internal sealed class ReserveStockConsumer(InventoryDbContext db, Warehouse warehouse, TimeProvider time) : IConsumer<ReserveStock>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<ReserveStock> context)
    {
        var command = context.Message;
        var earlier = await db.Reservations.FindAsync([command.OrderId], context.CancellationToken);
        if (earlier is { State: ReservationState.Released, Lines.Count: 0 })
        {
            await context.Publish(new StockRejected(command.OrderId, "released before it was reserved", time.GetUtcNow()));
            return;
        }

        // The answer was written in the transaction that made the reservation.
        if (earlier is not null)
            return;

        var shortage = await warehouse.FindShortageAsync(command.Lines, context.CancellationToken);
        var reservation = new Reservation
        {
            OrderId = command.OrderId,
            State = shortage is null ? ReservationState.Reserved : ReservationState.Rejected,
            Lines = command.Lines,
        };
        db.Reservations.Add(reservation);
        if (shortage is { } missing)
        {
            await context.Publish(new StockRejected(command.OrderId, missing.Reason, time.GetUtcNow(), missing.Sku));
            return;
        }

        await warehouse.MoveAsync(reservation, MovementKind.Reserved, context.CancellationToken);
        await context.Publish(new StockReserved(command.OrderId, time.GetUtcNow()));
    }
}
