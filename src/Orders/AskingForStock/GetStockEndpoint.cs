using Messaging;
using Shared.Contracts;

namespace Orders.AskingForStock;

/// <summary>
/// <c>GET /stock/{sku}</c>: Orders has no stock of its own and asks Inventory, by request-reply over the transport. Only a hint for
/// people: an order is decided by the saga, not by this.
/// </summary>
internal static class GetStockEndpoint
{
    private const int LongestSku = 100;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public static void MapGetStock(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/stock/{sku}", HandleAsync)
            .WithName("GetStock")
            .WithSummary("Asks Inventory how much of an article there is.")
            .Produces<StockView>()
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(string sku, RequestClient inventory, CancellationToken cancellationToken)
    {
        if (sku.Length > LongestSku)
            return Problems.ArticleNotFound.With();
        try
        {
            var answer = await inventory.AskAsync<StockQuery, StockAnswer>(new StockQuery(sku), Patience, cancellationToken);
            return answer.Exists ? TypedResults.Ok(new StockView(answer.Sku, answer.OnHand, answer.Reserved)) : Problems.ArticleNotFound.With(sku);
        }
        catch (Exception exception) when (exception is TransportException or RequestFailedException)
        {
            return Problems.InventoryUnavailable.With(exception.Message);
        }
    }
}

/// <summary>The stock of one article, as Inventory told it a moment ago.</summary>
/// <param name="Sku">The article.</param>
/// <param name="OnHand">Pieces that can be ordered.</param>
/// <param name="Reserved">Pieces set aside for orders under way.</param>
internal sealed record StockView(string Sku, int OnHand, int Reserved);
