using Messaging.Postgres;
using Shared.Contracts;

namespace Inventory.Stock;

/// <summary>
/// Reserves, releases and commits the stock of orders, whoever wants it: a command or an event. Asking twice changes nothing and
/// tells nothing. Scoped; nothing is written before the message's transaction commits.
/// </summary>
/// <remarks>
/// The first to write an order's row decides. Of two that want to be the first at once, the primary key lets one be it; the other's
/// message starts over and finds the row.
/// </remarks>
internal sealed class Reservations(InventoryDbContext db, RowsByKey<Reservation> reservations, Warehouse warehouse, TimeProvider time)
{
    /// <summary>Reserves all lines of an order, or none.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="lines">What it wants.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="tellsReleased">Whether somebody waits for the answer also when the stock was released before anybody asked for it.</param>
    /// <returns><see cref="StockReserved"/> or <see cref="StockRejected"/>; null when one of them was told before, or nobody waits for it.</returns>
    public async Task<IOrderEvent?> ReserveAsync(
        Guid orderId, IReadOnlyList<StockLine> lines, CancellationToken cancellationToken, bool tellsReleased = true)
    {
        switch (await FindAsync(orderId, cancellationToken))
        {
            case { State: ReservationState.Released, Lines.Count: 0 }:
                return !tellsReleased ? null : new StockRejected(orderId, "released before it was reserved", time.GetUtcNow());
            case not null:
                return null; // The answer was written in the transaction that made the reservation.
        }

        var shortage = await warehouse.FindShortageAsync(lines, cancellationToken);
        var reservation = new Reservation
        {
            OrderId = orderId,
            State = shortage is null ? ReservationState.Reserved : ReservationState.Rejected,
            Lines = lines,
        };
        db.Reservations.Add(reservation);
        if (shortage is { } missing)
            return new StockRejected(orderId, missing.Reason, time.GetUtcNow(), missing.Sku);

        await warehouse.MoveAsync(reservation, MovementKind.Reserved, cancellationToken);
        return new StockReserved(orderId, time.GetUtcNow());
    }

    /// <summary>Puts back what is reserved for an order. An order that is not known yet is remembered: nothing will be reserved for it.</summary>
    /// <returns>What happened; null when nothing was reserved.</returns>
    /// <exception cref="IllegalReservationChangeException">The stock has left the warehouse.</exception>
    public async Task<StockReleased?> ReleaseAsync(Guid orderId, CancellationToken cancellationToken)
    {
        var reservation = await FindAsync(orderId, cancellationToken);
        switch (reservation?.State)
        {
            case null:
                db.Reservations.Add(new Reservation { OrderId = orderId, State = ReservationState.Released, Lines = [] });
                return null;
            case ReservationState.Reserved:
                reservation.State = ReservationState.Released;
                await warehouse.MoveAsync(reservation, MovementKind.Released, cancellationToken);
                return new StockReleased(orderId, time.GetUtcNow());
            case ReservationState.Committed:
                throw new IllegalReservationChangeException(orderId, reservation.State, ReservationState.Released);
            default:
                // Rejected or released: nothing is reserved.
                return null;
        }
    }

    /// <summary>Takes what is reserved for an order out of the warehouse for good.</summary>
    /// <returns>What happened; null when it happened before.</returns>
    /// <exception cref="IllegalReservationChangeException">Nothing is reserved.</exception>
    public async Task<StockCommitted?> CommitAsync(Guid orderId, CancellationToken cancellationToken)
    {
        var reservation = await FindAsync(orderId, cancellationToken);
        switch (reservation?.State)
        {
            case ReservationState.Reserved:
                reservation.State = ReservationState.Committed;
                await warehouse.MoveAsync(reservation, MovementKind.Committed, cancellationToken);
                return new StockCommitted(orderId, time.GetUtcNow());
            case ReservationState.Committed:
                return null;
            default:
                throw new IllegalReservationChangeException(orderId, reservation?.State, ReservationState.Committed);
        }
    }

    private ValueTask<Reservation?> FindAsync(Guid orderId, CancellationToken cancellationToken) =>
        reservations.FindAsync(orderId, cancellationToken);
}
