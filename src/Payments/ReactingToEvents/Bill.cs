using Shared.Contracts;

namespace Payments.ReactingToEvents;

/// <summary>
/// What Payments has heard of an order that is to be paid: what it costs, from Orders, and whether its stock is reserved, from
/// Inventory. Either may be heard first. Never deleted, so that what comes twice or late finds what came before.
/// </summary>
internal sealed class Bill
{
    public required Guid OrderId { get; init; }

    /// <summary>Null until the order was heard of.</summary>
    public decimal? Amount { get; private set; }

    /// <summary>Null until the order was heard of.</summary>
    public string? Currency { get; private set; }

    /// <summary>Null until the order was heard of.</summary>
    public string? Method { get; private set; }

    /// <summary>Inventory's answer; null until it was heard.</summary>
    public StockOutcome? Stock { get; private set; }

    /// <summary>PostgreSQL's xmin: of two transactions that hear something of one order, the later starts over.</summary>
    public uint Version { get; private set; }

    /// <summary>Hears what the order costs.</summary>
    /// <returns>False when that was heard before.</returns>
    public bool Hear(OrderPlaced placed)
    {
        if (Method is not null)
            return false;
        (Amount, Currency, Method) = (placed.Amount, placed.Currency, placed.PaymentMethod);
        return true;
    }

    /// <summary>Hears what Inventory said.</summary>
    /// <exception cref="ContradictingStockException">It has said the opposite before.</exception>
    public void Hear(StockOutcome answer)
    {
        if (Stock is { } before && before != answer)
            throw new ContradictingStockException(OrderId, before, answer);
        Stock = answer;
    }
}

/// <summary>What Inventory answers to an order, once.</summary>
internal enum StockOutcome
{
    /// <summary>All of its lines are reserved.</summary>
    Reserved,

    /// <summary>Nothing is reserved.</summary>
    Rejected,
}

/// <summary>Inventory writes one answer per order. Two that differ are somebody's mistake, and trying again will not help.</summary>
internal sealed class ContradictingStockException(Guid orderId, StockOutcome before, StockOutcome now)
    : Exception($"The stock of order {orderId} was {before} and is now said to be {now}.");
