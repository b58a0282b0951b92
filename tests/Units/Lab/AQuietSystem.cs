using Lab.Checking;

namespace Units.Lab;

/// <summary>A snapshot that keeps every promise, one order per end; each test breaks one thing in it.</summary>
internal static class AQuietSystem
{
    public static readonly Guid Confirmed = Guid.CreateVersion7();
    public static readonly Guid Declined = Guid.CreateVersion7();
    public static readonly Guid OutOfStock = Guid.CreateVersion7();
    public static readonly Guid Cancelled = Guid.CreateVersion7();
    public static readonly Guid Stranger = Guid.CreateVersion7();

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);

    public static Snapshot Snapshot() => new()
    {
        Accepted =
        [
            new AcceptedOrder(Confirmed, [new OrderLine("TEA", 2), new OrderLine("CUP", 1)]),
            new AcceptedOrder(Declined, [new OrderLine("TEA", 3)]),
            new AcceptedOrder(OutOfStock, [new OrderLine("TEA", 900)]),
            new AcceptedOrder(Cancelled, [new OrderLine("CUP", 4)]),
        ],
        Orders =
        [
            new OrderRow(Confirmed, "Confirmed", "Confirmed", 30m, "EUR"),
            new OrderRow(Declined, "Rejected", "Rejected", 15m, "EUR"),
            new OrderRow(OutOfStock, "Rejected", "Rejected", 4_500m, "EUR"),
            new OrderRow(Cancelled, "Cancelled", "Cancelled", 40m, "EUR"),
        ],
        Views =
        [
            View(Confirmed, "Confirmed", "order-placed", "stock-reserved", "payment-authorized", "stock-committed", "payment-captured", "order-confirmed"),
            View(Declined, "Rejected", "order-placed", "stock-reserved", "payment-declined", "order-rejected", "stock-released"),
            View(OutOfStock, "Rejected", "order-placed", "stock-rejected", "order-rejected"),
            View(Cancelled, "Cancelled", "order-placed", "stock-reserved", "cancellation-requested", "cancellation-requested", "order-cancelled", "stock-released"),
        ],
        Stock = [new StockRow("TEA", 100, 98, 0, 2), new StockRow("CUP", 50, 49, 0, 1)],
        Movements =
        [
            Move(1, Confirmed, "TEA", "reserved", 2),
            Move(2, Confirmed, "CUP", "reserved", 1),
            Move(3, Declined, "TEA", "reserved", 3),
            Move(4, Cancelled, "CUP", "reserved", 4),
            Move(11, Confirmed, "TEA", "committed", 2),
            Move(12, Confirmed, "CUP", "committed", 1),
            Move(13, Declined, "TEA", "released", 3),
            Move(14, Cancelled, "CUP", "released", 4),
        ],
        Payments = [new PaymentRow(Confirmed, "Captured"), new PaymentRow(Declined, "Declined"), new PaymentRow(Cancelled, "Voided")],
        Ledger =
        [
            Entry(5, Confirmed, "authorized", 30m),
            Entry(6, Declined, "declined", 15m),
            Entry(7, Cancelled, "authorized", 40m),
            Entry(15, Confirmed, "captured", 30m),
            Entry(16, Cancelled, "voided", 40m),
        ],
        Backlogs = [new Backlog("orders", 0, []), new Backlog("inventory", 0, []), new Backlog("payments", 0, [])],
        Lags = [Lag("orders"), Lag("inventory"), Lag("payments")],
    };

    public static OrderView View(Guid orderId, string state, params string[] happened) =>
        new(orderId, state, [.. happened.Select((what, index) => new TimelineEntry(At(index), what))]);

    public static StockMovement Move(long id, Guid orderId, string sku, string kind, int quantity) =>
        new(id, orderId, sku, kind, quantity, At((int)id));

    public static LedgerEntry Entry(long sequence, Guid orderId, string kind, decimal amount, string? key = null) =>
        new(sequence, orderId.ToString(), kind, amount, "EUR", At((int)sequence), key ?? $"{orderId}-{kind}-{sequence}");

    public static ConsumerLag Lag(string service, double messages = 0) => new(service, service, $"{service}.events", "0", messages);

    /// <summary>The list with the matching items replaced.</summary>
    public static IReadOnlyList<T> With<T>(this IReadOnlyList<T> items, Func<T, bool> match, Func<T, T> change) =>
        [.. items.Select(item => match(item) ? change(item) : item)];

    public static IReadOnlyList<T> Without<T>(this IReadOnlyList<T> items, Func<T, bool> match) => [.. items.Where(item => !match(item))];

    public static IReadOnlyList<T> And<T>(this IReadOnlyList<T> items, params T[] more) => [.. items, .. more];

    /// <summary>Asserts that the invariant is broken in one way, about the subject, and says what was seen.</summary>
    public static void ShouldFind(this Invariant invariant, Snapshot snapshot, string subject, string seen)
    {
        var violation = invariant.Check(snapshot).ShouldHaveSingleItem();
        violation.Subject.ShouldBe(subject);
        violation.Seen.ShouldContain(seen, Case.Sensitive);
    }
}
