namespace Shared.Contracts;

/// <summary>All lines of the order are reserved.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record StockReserved(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>Nothing of the order is reserved.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="At">When, UTC.</param>
/// <param name="Sku">The article that was the cause; null when it was not an article.</param>
public sealed record StockRejected(Guid OrderId, string Reason, DateTimeOffset At, string? Sku = null) : IOrderEvent;

/// <summary>What was reserved for the order is on hand again.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record StockReleased(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>What was reserved for the order has left the warehouse.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record StockCommitted(Guid OrderId, DateTimeOffset At) : IOrderEvent;
