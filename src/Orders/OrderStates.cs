namespace Orders;

/// <summary>How far an order is, as the outside sees it. An order is accepted as Placed and reaches exactly one of the three ends.</summary>
internal static class OrderStates
{
    public const string Placed = nameof(Placed);
    public const string StockReserved = nameof(StockReserved);
    public const string PaymentAuthorized = nameof(PaymentAuthorized);
    public const string Confirmed = nameof(Confirmed);
    public const string Rejected = nameof(Rejected);
    public const string Cancelled = nameof(Cancelled);

    /// <summary>All of them, from the first to the ends.</summary>
    public static IReadOnlyList<string> All { get; } = [Placed, StockReserved, PaymentAuthorized, Confirmed, Rejected, Cancelled];

    /// <summary>True for Confirmed, Rejected and Cancelled.</summary>
    public static bool IsEnd(string state) => ProgressOf(state) == ProgressOf(Confirmed);

    /// <summary>Grows along an order's way; the ends are equal. 0 for Placed.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such state.</exception>
    public static int ProgressOf(string state) => state switch
    {
        Placed => 0,
        StockReserved => 1,
        PaymentAuthorized => 2,
        Confirmed or Rejected or Cancelled => 3,
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No such order state."),
    };
}
