namespace Shared.Contracts;

/// <summary>A line of an order.</summary>
/// <param name="Sku">The article.</param>
/// <param name="Quantity">How many, at least 1.</param>
/// <param name="UnitPrice">The price of one, in the order's currency.</param>
public sealed record OrderLine(string Sku, int Quantity, decimal UnitPrice);

/// <summary>An order was accepted. Starts its fulfilment.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="CustomerId">Who ordered.</param>
/// <param name="Lines">What was ordered; each article once, never empty.</param>
/// <param name="Amount">The sum of all lines.</param>
/// <param name="Currency">ISO 4217 code of all prices.</param>
/// <param name="PaymentMethod">How the customer pays; understood by the payment provider alone.</param>
/// <param name="PlacedAt">When it was accepted, UTC.</param>
public sealed record OrderPlaced(
    Guid OrderId,
    string CustomerId,
    IReadOnlyList<OrderLine> Lines,
    decimal Amount,
    string Currency,
    string PaymentMethod,
    DateTimeOffset PlacedAt) : IOrderMessage;

/// <summary>The customer wants the order cancelled. Whether that is still possible, the fulfilment decides.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When it was asked for, UTC.</param>
public sealed record OrderCancellationRequested(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>The stock step took too long. Sent by the fulfilment to itself, held back until the deadline.</summary>
/// <param name="OrderId">The order.</param>
public sealed record StockDeadlinePassed(Guid OrderId) : IOrderMessage;

/// <summary>The payment step took too long. Sent by the fulfilment to itself, held back until the deadline.</summary>
/// <param name="OrderId">The order.</param>
public sealed record PaymentDeadlinePassed(Guid OrderId) : IOrderMessage;

/// <summary>The order ended well: its money is captured, its stock committed. One of the three ends.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record OrderConfirmed(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>The order could not be fulfilled: no stock or no money. One of the three ends.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="At">When, UTC.</param>
public sealed record OrderRejected(Guid OrderId, string Reason, DateTimeOffset At) : IOrderEvent;

/// <summary>The order was called off, by the customer or by a deadline. One of the three ends.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="At">When, UTC.</param>
public sealed record OrderCancelled(Guid OrderId, string Reason, DateTimeOffset At) : IOrderEvent;
