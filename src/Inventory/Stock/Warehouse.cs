using Shared.Contracts;

namespace Inventory.Stock;

/// <summary>Moves stock and keeps the book of it. Scoped; nothing is written before the message's transaction commits.</summary>
internal sealed class Warehouse(InventoryDbContext db, TimeProvider time)
{
    /// <summary>The first line that cannot be reserved, with the reason; null when all of them can.</summary>
    public async Task<(string Sku, string Reason)?> FindShortageAsync(IReadOnlyList<StockLine> lines, CancellationToken cancellationToken)
    {
        foreach (var line in lines)
        {
            var level = await db.Stock.FindAsync([line.Sku], cancellationToken);
            if (level is null)
                return (line.Sku, $"{line.Sku} is not an article of this warehouse");
            if (level.OnHand < line.Quantity)
                return (line.Sku, $"{line.Sku}: {line.Quantity} ordered, {level.OnHand} on hand");
        }

        return null;
    }

    /// <summary>Moves all lines of a reservation.</summary>
    /// <exception cref="InvalidOperationException">There is no such article.</exception>
    public async Task MoveAsync(Reservation reservation, string kind, CancellationToken cancellationToken)
    {
        foreach (var line in reservation.Lines)
        {
            var level = await db.Stock.FindAsync([line.Sku], cancellationToken)
                ?? throw new InvalidOperationException($"{line.Sku} is not an article of this warehouse.");
            level.Move(kind, line.Quantity);
            db.Movements.Add(new Movement
            {
                OrderId = reservation.OrderId,
                Sku = line.Sku,
                Kind = kind,
                Quantity = line.Quantity,
                At = time.GetUtcNow(),
            });
        }
    }
}
