using Messaging.Postgres;
using Orders.PlacingAnOrder;

namespace Orders.EndingAnOrder;

/// <summary>Where an order's end is written for those who look at the order. Scoped: part of the message's transaction.</summary>
internal interface IOrderEndings
{
    /// <summary>Writes an order's end, unless it has ended.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="state">Confirmed, Rejected or Cancelled.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>True when this is its end; false when it had ended before in a way that this one agrees with.</returns>
    /// <exception cref="InvalidOperationException">There is no such order.</exception>
    /// <exception cref="ContradictingEndException">It was confirmed and is not to be, or the other way round.</exception>
    Task<bool> EndAsync(Guid orderId, string state, CancellationToken cancellationToken);
}

/// <summary>
/// Writes the end into the order's row. Of two transactions that end one order at the same time the later finds the row changed
/// and starts over: it sees the end of the first then.
/// </summary>
internal sealed class OrderEndings(RowsByKey<Order> orders) : IOrderEndings
{
    /// <inheritdoc/>
    public async Task<bool> EndAsync(Guid orderId, string state, CancellationToken cancellationToken)
    {
        var order = await orders.FindAsync(orderId, cancellationToken)
            ?? throw new InvalidOperationException($"Order {orderId} ended as {state} but was never accepted.");
        return order.End(state);
    }
}

/// <summary>An order that was confirmed and rejected or cancelled as well: money and stock say different things. Trying again will not help.</summary>
internal sealed class ContradictingEndException(Guid orderId, string before, string now)
    : Exception($"Order {orderId} has ended as {before} and is now said to be {now}.");
