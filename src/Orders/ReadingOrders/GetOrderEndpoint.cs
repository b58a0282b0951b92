using Microsoft.EntityFrameworkCore;
using Shared.Contracts;

namespace Orders.ReadingOrders;

/// <summary><c>GET /orders/{id}</c>.</summary>
internal static class GetOrderEndpoint
{
    public static void MapGetOrder(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/orders/{id}", HandleAsync)
            .WithName("GetOrder")
            .WithSummary("Tells how far an order is and what happened to it when.")
            .Produces<OrderDetails>()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> HandleAsync(string id, OrdersDbContext db, CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(id, out var orderId))
            return Problems.OrderNotFound.With(id);

        var view = await db.OrderViews.AsNoTracking().SingleOrDefaultAsync(row => row.OrderId == orderId, cancellationToken);
        if (view is { Lines: not null })
            return TypedResults.Ok(OrderDetails.From(view));

        // Accepted, but the projection has not heard of it yet: what was accepted is known all the same.
        var order = await db.Orders.AsNoTracking().SingleOrDefaultAsync(row => row.OrderId == orderId, cancellationToken);
        return order is null
            ? Problems.OrderNotFound.With(id)
            : TypedResults.Ok(new OrderDetails(
                order.OrderId, view?.State ?? order.State, order.CustomerId, order.Lines, order.Amount, order.Currency, order.PlacedAt,
                view?.Reason, OrderDetails.Sorted(view?.Timeline ?? [new TimelineEntry(order.PlacedAt, "order-placed")])));
    }
}

/// <summary>An order in full.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="State">Placed, StockReserved, PaymentAuthorized, or an end: Confirmed, Rejected, Cancelled.</param>
/// <param name="CustomerId">Who ordered.</param>
/// <param name="Lines">What was ordered at which price.</param>
/// <param name="Amount">The sum of all lines.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="PlacedAt">When it was accepted, UTC.</param>
/// <param name="Reason">Why it was rejected or cancelled; null otherwise.</param>
/// <param name="Timeline">What happened, by time.</param>
internal sealed record OrderDetails(
    Guid OrderId,
    string State,
    string CustomerId,
    IReadOnlyList<OrderLine> Lines,
    decimal Amount,
    string Currency,
    DateTimeOffset PlacedAt,
    string? Reason,
    IReadOnlyList<TimelineEntry> Timeline)
{
    /// <summary>The details of a view that has heard of the order's acceptance.</summary>
    public static OrderDetails From(OrderView view) => new(
        view.OrderId, view.State, view.CustomerId!, view.Lines!, view.Amount!.Value, view.Currency!, view.PlacedAt!.Value,
        view.Reason, Sorted(view.Timeline));

    /// <summary>By the time at which things happened; they may have been heard of in another order.</summary>
    public static IReadOnlyList<TimelineEntry> Sorted(IEnumerable<TimelineEntry> timeline) => timeline.OrderBy(entry => entry.At).ToArray();
}
