using Orders.EndingAnOrder;
using Shared.Contracts;

namespace Orders.PlacingAnOrder;

/// <summary>An accepted order. Only <see cref="State"/> ever changes, once.</summary>
internal sealed class Order
{
    /// <summary>A UUIDv7: ids sort by the time of acceptance.</summary>
    public required Guid OrderId { get; init; }

    public required string CustomerId { get; init; }

    /// <summary>
    /// <see cref="OrderStates.Placed"/>, then one of the ends, written in the transaction in which the order ends. Only the row of
    /// an order that is in the state that was read is written.
    /// </summary>
    public required string State { get; set; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required string PaymentMethod { get; init; }

    public required IReadOnlyList<OrderLine> Lines { get; init; }

    public required DateTimeOffset PlacedAt { get; init; }

    /// <summary>The client's name for the request; null when it gave none. Unique.</summary>
    public required string? IdempotencyKey { get; init; }

    /// <summary>Tells two requests under one key apart. See <see cref="RequestHash"/>.</summary>
    public required byte[] RequestHash { get; init; }

    /// <summary>Ends the order. The first end stays; a rejected order that is cancelled, too, or the other way round, has ended already.</summary>
    /// <returns>True when this is its end; false when it had ended before.</returns>
    /// <exception cref="ContradictingEndException">It was confirmed and is not to be, or the other way round.</exception>
    public bool End(string state)
    {
        if (State == OrderStates.Placed)
        {
            State = state;
            return true;
        }

        if (State != state && (State == OrderStates.Confirmed || state == OrderStates.Confirmed))
            throw new ContradictingEndException(OrderId, State, state);
        return false;
    }
}
