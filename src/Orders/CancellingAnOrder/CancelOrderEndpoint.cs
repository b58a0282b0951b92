using MassTransit;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Orders.FulfillingAnOrder;
using Shared.Contracts;

namespace Orders.CancellingAnOrder;

/// <summary>
/// <c>DELETE /orders/{id}</c>: asks whoever decides to call an order off. That is possible until its payment is being taken;
/// who is told 202 at the very last moment may still see the order confirmed. Where there is no saga to know that moment, the read
/// model tells: a payment that is authorised goes on to be taken.
/// </summary>
internal static class CancelOrderEndpoint
{
    public static void MapCancelOrder(this IEndpointRouteBuilder routes) =>
        routes.MapDelete("/orders/{id}", HandleAsync)
            .WithName("CancelOrder")
            .WithSummary("Asks for an order to be cancelled.")
            .Produces(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    private static async Task<IResult> HandleAsync(
        string id,
        OrdersDbContext db,
        IPublishEndpoint publisher,
        IUnitOfWork unitOfWork,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!Guid.TryParse(id, out var orderId))
            return Problems.OrderNotFound.With(id);

        var order = await db.Orders.AsNoTracking()
            .Where(order => order.OrderId == orderId)
            .Select(order => new
            {
                order.State,
                Fulfilment = db.Fulfilments.Where(f => f.CorrelationId == orderId).Select(f => f.CurrentState).FirstOrDefault(),
                Seen = db.OrderViews.Where(view => view.OrderId == orderId).Select(view => view.State).FirstOrDefault(),
            })
            .SingleOrDefaultAsync(cancellationToken);
        if (order is null)
            return Problems.OrderNotFound.With(id);
        if (OrderStates.IsEnd(order.State))
            return Problems.OrderEnded.With($"It is {order.State}.");
        if (order is { Fulfilment: nameof(OrderStateMachine.CapturingPayment) } or { Fulfilment: null, Seen: OrderStates.PaymentAuthorized })
            return Problems.OrderBeingPaid.With();

        await publisher.Publish(new OrderCancellationRequested(orderId, time.GetUtcNow()), cancellationToken);
        await unitOfWork.CommitAsync(cancellationToken);
        return TypedResults.Accepted($"/orders/{orderId}");
    }
}
