namespace Lab.History;

/// <summary>One thing that happened, seen from outside.</summary>
/// <param name="At">When, by the clock of who did it; all clocks are this machine's.</param>
/// <param name="Kind">What kind of thing.</param>
/// <param name="Key">The order, or another partition key; null for what has none.</param>
/// <param name="Where">Who did it or where it lies: a service, a topic, a consumer, the provider.</param>
/// <param name="What">What happened, such as a message type or a ledger kind.</param>
internal sealed record HistoryEntry(DateTimeOffset At, HistoryKind Kind, string? Key, string Where, string What)
{
    /// <summary>The message, for what is about one.</summary>
    public string? MessageId { get; init; }

    /// <summary>The partition of the topic, for what was published.</summary>
    public int? Partition { get; init; }

    /// <summary>The place in the partition, for what was published.</summary>
    public long? Position { get; init; }
}

/// <summary>What kind of thing happened.</summary>
internal enum HistoryKind
{
    /// <summary>The API accepted an order.</summary>
    Accepted,

    /// <summary>A customer asked to cancel, and was told yes.</summary>
    Cancelling,

    /// <summary>A message is in the broker, seen by a passive reader.</summary>
    Published,

    /// <summary>A consumer has taken a message into its inbox.</summary>
    Delivered,

    /// <summary>A service's own data changed: stock moved, an order ended.</summary>
    Effect,

    /// <summary>The payment provider wrote its ledger.</summary>
    Ledger,

    /// <summary>A message was set aside.</summary>
    Parked,
}
