namespace Shared.Contracts;

/// <summary>Some of an article.</summary>
/// <param name="Sku">The article.</param>
/// <param name="Quantity">How many, at least 1.</param>
public sealed record StockLine(string Sku, int Quantity);

/// <summary>Reserve all lines of an order, or none. Answered by <see cref="StockReserved"/> or <see cref="StockRejected"/>.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Lines">What to reserve; each article once, never empty.</param>
public sealed record ReserveStock(Guid OrderId, IReadOnlyList<StockLine> Lines) : IOrderMessage;

/// <summary>
/// Put back what is reserved for an order, and reserve nothing for it from now on. Answered by <see cref="StockReleased"/>
/// when something was reserved.
/// </summary>
/// <param name="OrderId">The order.</param>
public sealed record ReleaseStock(Guid OrderId) : IOrderMessage;

/// <summary>Take what is reserved for an order out of the warehouse for good. Answered by <see cref="StockCommitted"/>.</summary>
/// <param name="OrderId">The order.</param>
public sealed record CommitStock(Guid OrderId) : IOrderMessage;
