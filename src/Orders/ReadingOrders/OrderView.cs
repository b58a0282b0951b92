using Shared.Contracts;

namespace Orders.ReadingOrders;

/// <summary>
/// One order as the events tell it. What only <see cref="OrderPlaced"/> tells is null until that event was seen: the topics are
/// read side by side.
/// </summary>
internal sealed class OrderView
{
    public required Guid OrderId { get; init; }

    /// <summary>The furthest of <see cref="OrderStates"/> that was seen.</summary>
    public required string State { get; init; }

    public string? CustomerId { get; init; }

    public IReadOnlyList<OrderLine>? Lines { get; init; }

    public decimal? Amount { get; init; }

    public string? Currency { get; init; }

    public DateTimeOffset? PlacedAt { get; init; }

    /// <summary>Why it was rejected or cancelled.</summary>
    public string? Reason { get; init; }

    /// <summary>What happened, in the order in which it was heard of.</summary>
    public required IReadOnlyList<TimelineEntry> Timeline { get; init; }
}

/// <summary>Something that happened to an order.</summary>
/// <param name="At">When, UTC.</param>
/// <param name="What">What, such as <c>stock-reserved</c>.</param>
/// <param name="Detail">The reason, where there is one.</param>
internal sealed record TimelineEntry(DateTimeOffset At, string What, string? Detail = null);
