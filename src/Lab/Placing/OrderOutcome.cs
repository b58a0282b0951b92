using Lab.Checking;

namespace Lab.Placing;

/// <summary>What became of a placed order.</summary>
/// <param name="Plan">What it was meant to do.</param>
/// <param name="OrderId">The id it was accepted under.</param>
/// <param name="View">The order as last read; null when the read model never told of it.</param>
internal sealed record OrderOutcome(PlannedOrder Plan, Guid OrderId, OrderView? View)
{
    /// <summary>The order as the API accepted it.</summary>
    public AcceptedOrder Accepted => new(OrderId, Plan.Lines);

    /// <summary>Whether it ended at all.</summary>
    public bool HasEnded => View is not null && View.Ends.Any();

    /// <summary>Whether it ended where its path leads.</summary>
    public bool IsAsExpected => View?.State == Plan.Path.EndState;

    /// <summary>From accepted to ended by the services' own clock; null while it has not ended.</summary>
    public TimeSpan? Duration =>
        View?.Ends.FirstOrDefault() is { } end ? end.At - View.Timeline.Min(entry => entry.At) : null;
}
