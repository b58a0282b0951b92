using Lab.Checking;

namespace Lab.History;

/// <summary>Everything that was seen from outside in a run, as it was found; <see cref="HistoryBook"/> makes sense of it.</summary>
internal sealed record Evidence
{
    /// <summary>The consumers, each with the topics of which it has to take in every message.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Consumers { get; init; }

    /// <summary>The orders that the API accepted.</summary>
    public IReadOnlyList<(Guid OrderId, DateTimeOffset At)> Accepted { get; init; } = [];

    /// <summary>The cancellations that the API accepted.</summary>
    public IReadOnlyList<(Guid OrderId, DateTimeOffset At)> Cancelling { get; init; } = [];

    /// <summary>The messages in the broker, dead letters included, in no order.</summary>
    public IReadOnlyList<HistoryEntry> Published { get; init; } = [];

    /// <summary>The inboxes.</summary>
    public IReadOnlyList<InboxRow> Inboxes { get; init; } = [];

    /// <summary>Messages set aside.</summary>
    public IReadOnlyList<ParkedRow> Parked { get; init; } = [];

    public IReadOnlyList<StockMovement> Movements { get; init; } = [];

    /// <summary>What the read model tells of each order.</summary>
    public IReadOnlyList<(Guid OrderId, TimelineEntry Entry)> Timelines { get; init; } = [];

    public IReadOnlyList<LedgerEntry> Ledger { get; init; } = [];

    /// <summary>The orders as they are at the end.</summary>
    public IReadOnlyList<OrderRow> Orders { get; init; } = [];

    /// <summary>The payments as they are at the end.</summary>
    public IReadOnlyList<PaymentRow> Payments { get; init; } = [];

    /// <summary>What could not be seen, a line each.</summary>
    public IReadOnlyList<string> Gaps { get; init; } = [];
}

/// <param name="Consumer">Who took a message in.</param>
/// <param name="MessageId">Its id.</param>
/// <param name="At">When the transaction began that took it in.</param>
internal sealed record InboxRow(string Consumer, string MessageId, DateTimeOffset At);

/// <param name="Consumer">Who set a message aside.</param>
/// <param name="MessageId">Its id.</param>
/// <param name="Type">Its type; null where it has none.</param>
/// <param name="Key">Its key; null where it has none.</param>
/// <param name="State">One of <see cref="ParkedStates"/>.</param>
/// <param name="Cause">Why.</param>
/// <param name="At">When it was first set aside.</param>
internal sealed record ParkedRow(string Consumer, string MessageId, string? Type, string? Key, string State, string Cause, DateTimeOffset At);
