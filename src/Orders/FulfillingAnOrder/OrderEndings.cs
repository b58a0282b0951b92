namespace Orders.FulfillingAnOrder;

/// <summary>Where the end of a fulfilment is written for those who look at the order. Scoped: part of the message's transaction.</summary>
internal interface IOrderEndings
{
    /// <summary>Writes an order's end.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="state">Confirmed, Rejected or Cancelled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="InvalidOperationException">There is no such order.</exception>
    Task EndAsync(Guid orderId, string state, CancellationToken cancellationToken);
}

/// <summary>Writes the end into the order's row.</summary>
internal sealed class OrderEndings(OrdersDbContext db) : IOrderEndings
{
    /// <inheritdoc/>
    public async Task EndAsync(Guid orderId, string state, CancellationToken cancellationToken)
    {
        var order = await db.Orders.FindAsync([orderId], cancellationToken)
            ?? throw new InvalidOperationException($"Order {orderId} ended as {state} but was never accepted.");
        order.State = state;
    }
}
