using Microsoft.EntityFrameworkCore;
using Shared.Contracts;

namespace Inventory.Stock;

/// <summary>Moves stock and keeps the book of it. Scoped; nothing is written before the message's transaction commits.</summary>
internal sealed class Warehouse(InventoryDbContext db, TimeProvider time)
{
    private readonly HashSet<string> _loaded = new(StringComparer.Ordinal);

    /// <summary>The first article that cannot be reserved, with the reason; null when all of them can.</summary>
    /// <exception cref="ArgumentException">A line asks for less than one.</exception>
    public async Task<(string Sku, string Reason)?> FindShortageAsync(IReadOnlyList<StockLine> lines, CancellationToken cancellationToken)
    {
        if (lines.FirstOrDefault(line => line.Quantity < 1) is { } wrong)
            throw new ArgumentException($"{wrong.Sku}: {wrong.Quantity} cannot be reserved.", nameof(lines));

        await LoadAsync(lines, cancellationToken);
        foreach (var article in lines.GroupBy(line => line.Sku, StringComparer.Ordinal))
        {
            var ordered = article.Sum(line => (long)line.Quantity);
            var level = await db.Stock.FindAsync([article.Key], cancellationToken);
            if (level is null)
                return (article.Key, $"{article.Key} is not an article of this warehouse");
            if (level.OnHand < ordered)
                return (article.Key, $"{article.Key}: {ordered} ordered, {level.OnHand} on hand");
        }

        return null;
    }

    /// <summary>Moves all lines of a reservation.</summary>
    /// <exception cref="InvalidOperationException">There is no such article.</exception>
    public async Task MoveAsync(Reservation reservation, string kind, CancellationToken cancellationToken)
    {
        await LoadAsync(reservation.Lines, cancellationToken);
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

    /// <summary>Loads the levels of these lines by one query, as far as this scope has not got them.</summary>
    private async Task LoadAsync(IReadOnlyList<StockLine> lines, CancellationToken cancellationToken)
    {
        string[] skus = [.. lines.Select(line => line.Sku).Where(_loaded.Add)];
        if (skus.Length > 0)
            await db.Stock.Where(level => skus.Contains(level.Sku)).LoadAsync(cancellationToken);
    }
}
