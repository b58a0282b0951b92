using System.Globalization;
using Microsoft.EntityFrameworkCore;

namespace Orders.ReadingOrders;

/// <summary><c>GET /orders</c>: the newest first, page by page. A page starts after an order id, so it costs the same however deep it lies.</summary>
internal static class ListOrdersEndpoint
{
    private const int DefaultLimit = 50;
    private const int MaxLimit = 200;

    public static void MapListOrders(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders", HandleAsync)
            .WithName("ListOrders")
            .WithSummary("Lists orders, the newest first. An order appears once the read model has heard of it.")
            .Produces<OrderPage>()
            .ProducesProblem(StatusCodes.Status400BadRequest);

    private static async Task<IResult> HandleAsync(
        OrdersDbContext db, CancellationToken cancellationToken, string? state = null, string? after = null, string? limit = null)
    {
        if (state is not null && !OrderStates.All.Contains(state, StringComparer.Ordinal))
            return Problems.InvalidState.With($"{state}; there are {string.Join(", ", OrderStates.All)}.");
        var size = DefaultLimit;
        if (limit is not null && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= MaxLimit))
            return Problems.InvalidLimit.With(limit);
        var cursor = Guid.Empty;
        if (after is not null && !Guid.TryParseExact(after, "D", out cursor))
            return Problems.InvalidCursor.With(after);

        var orders = db.OrderViews.AsNoTracking().Where(view => view.PlacedAt != null);
        if (state is not null)
            orders = orders.Where(view => view.State == state);
        if (after is not null)
            orders = orders.Where(view => view.OrderId < cursor);
        var page = await orders.OrderByDescending(view => view.OrderId).Take(size)
            .Select(view => new OrderSummary(
                view.OrderId, view.State, view.CustomerId!, view.Amount!.Value, view.Currency!, view.PlacedAt!.Value, view.Reason))
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new OrderPage(page, page.Count == size ? page[^1].OrderId : null));
    }
}

/// <summary>A page of orders.</summary>
/// <param name="Orders">The newest first.</param>
/// <param name="Next">Give it as <c>after</c> to get the next page, which may be empty; null when this one is not full.</param>
internal sealed record OrderPage(IReadOnlyList<OrderSummary> Orders, Guid? Next);

/// <summary>An order in a list.</summary>
internal sealed record OrderSummary(
    Guid OrderId, string State, string CustomerId, decimal Amount, string Currency, DateTimeOffset PlacedAt, string? Reason);
