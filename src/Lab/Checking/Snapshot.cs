namespace Lab.Checking;

/// <summary>
/// What the system looks like from outside once it is quiet: the rows of its databases, the provider's ledger and the
/// answers of its API. The invariants are functions of this and of nothing else.
/// </summary>
internal sealed record Snapshot
{
    /// <summary>The orders the API accepted, as they were placed.</summary>
    public IReadOnlyList<AcceptedOrder> Accepted { get; init; } = [];

    /// <summary>Whether a saga decides about each order; no order has one where the services react to each other's events.</summary>
    public bool HasSagas { get; init; } = true;

    /// <summary>The orders of the write model.</summary>
    public IReadOnlyList<OrderRow> Orders { get; init; } = [];

    /// <summary>The orders of the read model, with what happened when.</summary>
    public IReadOnlyList<OrderView> Views { get; init; } = [];

    public IReadOnlyList<StockRow> Stock { get; init; } = [];

    /// <summary>The stock movements by movement id, which is their order.</summary>
    public IReadOnlyList<StockMovement> Movements { get; init; } = [];

    /// <summary>What Payments believes of each payment.</summary>
    public IReadOnlyList<PaymentRow> Payments { get; init; } = [];

    /// <summary>The ledger of the payment provider by sequence.</summary>
    public IReadOnlyList<LedgerEntry> Ledger { get; init; } = [];

    /// <summary>What each service has still to send and what it has set aside.</summary>
    public IReadOnlyList<Backlog> Backlogs { get; init; } = [];

    public IReadOnlyList<ConsumerLag> Lags { get; init; } = [];

    /// <summary>Partitions of which nobody reported a lag, though a consumer has to take them in: how far it is behind there is unknown.</summary>
    public IReadOnlyList<UnownedPartition> Unowned { get; init; } = [];
}

internal sealed record OrderLine(string Sku, int Quantity);

internal sealed record AcceptedOrder(Guid OrderId, IReadOnlyList<OrderLine> Lines);

/// <param name="OrderId">The order.</param>
/// <param name="State">Its state in the write model.</param>
/// <param name="Fulfilment">The state of its saga; null when it has none.</param>
/// <param name="Amount">In units of <paramref name="Currency"/>.</param>
/// <param name="Currency">ISO 4217.</param>
internal sealed record OrderRow(Guid OrderId, string State, string? Fulfilment, decimal Amount, string Currency);

/// <param name="OrderId">The order.</param>
/// <param name="State">Its state in the read model.</param>
/// <param name="Timeline">What happened to it.</param>
/// <param name="Reason">Why it was rejected or cancelled, for people.</param>
internal sealed record OrderView(Guid OrderId, string State, IReadOnlyList<TimelineEntry> Timeline, string? Reason = null)
{
    /// <summary>What the read model was told, one of <see cref="Happenings"/> each, in the order in which it was told; empty when that is unknown.</summary>
    public IReadOnlyList<string> Told { get; init; } = [];

    /// <summary>What the timeline tells of the order's end; more than one when it ended twice.</summary>
    public IEnumerable<TimelineEntry> Ends => Timeline.Where(entry => OrderStates.EndToldBy(entry.What) is not null);
}

/// <param name="At">When it happened by the clock of the service that did it.</param>
/// <param name="What">What happened, one of <see cref="Happenings"/>.</param>
internal sealed record TimelineEntry(DateTimeOffset At, string What);

internal sealed record StockRow(string Sku, int InitialOnHand, int OnHand, int Reserved, int Committed);

/// <param name="MovementId">The order in which movements were made.</param>
/// <param name="OrderId">The order whose message moved the stock.</param>
/// <param name="Sku">What was moved.</param>
/// <param name="Kind">One of <see cref="MovementKinds"/>.</param>
/// <param name="Quantity">How many.</param>
/// <param name="At">When the transaction began.</param>
internal sealed record StockMovement(long MovementId, Guid OrderId, string Sku, string Kind, int Quantity, DateTimeOffset At);

/// <param name="OrderId">The order.</param>
/// <param name="State">One of <see cref="PaymentStates"/>, one that ends in -ing while the provider has not answered, or in Refused when somebody has to look.</param>
internal sealed record PaymentRow(Guid OrderId, string State);

/// <param name="Sequence">The order in which the provider wrote its ledger.</param>
/// <param name="Reference">The merchant's reference: the order id.</param>
/// <param name="Kind">One of <see cref="LedgerKinds"/>.</param>
/// <param name="Amount">In units of <paramref name="Currency"/>.</param>
/// <param name="Currency">ISO 4217.</param>
/// <param name="At">When the provider wrote it.</param>
/// <param name="IdempotencyKey">The key of the request that caused the entry.</param>
internal sealed record LedgerEntry(
    long Sequence, string Reference, string Kind, decimal Amount, string Currency, DateTimeOffset At, string? IdempotencyKey);

/// <param name="Service">The service that owns the database.</param>
/// <param name="OutboxRows">Rows of the outbox, due or not.</param>
/// <param name="Parked">Messages set aside, to be retried or dead.</param>
internal sealed record Backlog(string Service, long OutboxRows, IReadOnlyList<ParkedMessage> Parked);

internal sealed record ParkedMessage(string Consumer, string MessageId, string Type, string Key, string State, string? Cause, int Attempts);

/// <param name="Service">The service that reports it.</param>
/// <param name="Consumer">The consumer group.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Messages">Messages published and not yet settled.</param>
internal sealed record ConsumerLag(string Service, string Consumer, string Topic, string Partition, double Messages);

/// <param name="Consumer">The consumer group.</param>
/// <param name="Topic">The topic.</param>
/// <param name="Partition">The partition that no instance of the service owns.</param>
internal sealed record UnownedPartition(string Consumer, string Topic, int Partition);

internal static class OrderStates
{
    public const string Confirmed = "Confirmed";
    public const string Rejected = "Rejected";
    public const string Cancelled = "Cancelled";

    public static bool IsEnd(string state) => state is Confirmed or Rejected or Cancelled;

    /// <summary>The end state a timeline entry tells of, or null for what is no end.</summary>
    public static string? EndToldBy(string what) => what switch
    {
        Happenings.OrderConfirmed => Confirmed,
        Happenings.OrderRejected => Rejected,
        Happenings.OrderCancelled => Cancelled,
        _ => null,
    };
}

/// <summary>What a timeline tells.</summary>
internal static class Happenings
{
    public const string OrderPlaced = "order-placed";
    public const string CancellationRequested = "cancellation-requested";
    public const string StockReserved = "stock-reserved";
    public const string StockRejected = "stock-rejected";
    public const string StockReleased = "stock-released";
    public const string StockCommitted = "stock-committed";
    public const string PaymentAuthorized = "payment-authorized";
    public const string PaymentDeclined = "payment-declined";
    public const string PaymentCaptured = "payment-captured";
    public const string PaymentVoided = "payment-voided";
    public const string OrderConfirmed = "order-confirmed";
    public const string OrderRejected = "order-rejected";
    public const string OrderCancelled = "order-cancelled";
}

internal static class MovementKinds
{
    public const string Reserved = "reserved";
    public const string Released = "released";
    public const string Committed = "committed";
}

internal static class LedgerKinds
{
    public const string Authorized = "authorized";
    public const string Declined = "declined";
    public const string Captured = "captured";
    public const string Voided = "voided";
}

internal static class PaymentStates
{
    public const string Declined = "Declined";
    public const string Captured = "Captured";
    public const string Voided = "Voided";

    /// <summary>Whether nothing more will happen to the payment.</summary>
    public static bool IsEnd(string state) => state is Declined or Captured or Voided;
}

internal static class ParkedStates
{
    public const string Parked = "parked";
    public const string Dead = "dead";
}
