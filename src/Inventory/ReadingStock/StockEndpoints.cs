using Inventory.Stock;
using Microsoft.EntityFrameworkCore;

namespace Inventory.ReadingStock;

/// <summary><c>GET /stock</c> and <c>GET /stock/{sku}</c>, for people who want to look.</summary>
internal static class StockEndpoints
{
    public static void MapStock(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/stock", ListAsync).WithName("ListStock").WithSummary("The stock of every article.");
        routes.MapGet("/stock/{sku}", GetAsync)
            .WithName("GetStock")
            .WithSummary("The stock of one article.")
            .Produces<StockLevel>()
            .ProducesProblem(StatusCodes.Status404NotFound);
    }

    private static Task<List<StockLevel>> ListAsync(InventoryDbContext db, CancellationToken cancellationToken) =>
        db.Stock.AsNoTracking().OrderBy(level => level.Sku).ToListAsync(cancellationToken);

    private static async Task<IResult> GetAsync(string sku, InventoryDbContext db, CancellationToken cancellationToken) =>
        await db.Stock.AsNoTracking().SingleOrDefaultAsync(level => level.Sku == sku, cancellationToken) is { } level
            ? TypedResults.Ok(level)
            : TypedResults.Problem(sku, statusCode: StatusCodes.Status404NotFound, title: "There is no such article.", type: "/problems/unknown-sku");
}
