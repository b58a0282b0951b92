using Shared.Contracts;

namespace Orders.PlacingAnOrder;

/// <summary>An accepted order. Only <see cref="State"/> ever changes, once.</summary>
internal sealed class Order
{
    /// <summary>A UUIDv7: ids sort by the time of acceptance.</summary>
    public required Guid OrderId { get; init; }

    public required string CustomerId { get; init; }

    /// <summary>
    /// <see cref="OrderStates.Placed"/>, then one of the ends. The fulfilment knows where an order is and writes its end here
    /// in the transaction in which it ends.
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
}
