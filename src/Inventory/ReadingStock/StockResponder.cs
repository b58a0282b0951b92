using Microsoft.EntityFrameworkCore;
using Shared.Contracts;

namespace Inventory.ReadingStock;

/// <summary>Answers other services' questions about stock.</summary>
internal static class StockResponder
{
    public static async Task<StockAnswer> AnswerAsync(StockQuery query, IServiceProvider services, CancellationToken cancellationToken)
    {
        var db = services.GetRequiredService<InventoryDbContext>();
        return await db.Stock.AsNoTracking().SingleOrDefaultAsync(level => level.Sku == query.Sku, cancellationToken) is { } level
            ? new StockAnswer(level.Sku, Exists: true, level.OnHand, level.Reserved)
            : new StockAnswer(query.Sku, Exists: false, OnHand: 0, Reserved: 0);
    }
}
