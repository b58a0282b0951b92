namespace Lab.Checking;

/// <summary>A promise of the system, checked over a snapshot.</summary>
internal abstract record Invariant(int Number, string Promise)
{
    /// <summary>All invariants, by number.</summary>
    public static IReadOnlyList<Invariant> All { get; } =
    [
        new EveryOrderEndsOnce(),
        new StockIsConserved(),
        new MoneyMatchesOrders(),
        new EffectsAreInOrderAndSingle(),
        new NothingIsLeftBehind(),
    ];

    /// <summary>Every way in which <paramref name="snapshot"/> breaks the promise; empty when it holds.</summary>
    public abstract IEnumerable<Violation> Check(Snapshot snapshot);
}

/// <summary>A broken promise.</summary>
/// <param name="Subject">What broke it: an order, a SKU, a service.</param>
/// <param name="Seen">What was seen instead.</param>
internal sealed record Violation(string Subject, string Seen)
{
    public static Violation OfOrder(Guid orderId, string seen) => new($"order {orderId}", seen);
}
