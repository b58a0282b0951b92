using Lab.Checking;

namespace Lab.Placing;

/// <summary>When the customer of a path cancels.</summary>
internal enum Cancellation
{
    Never,

    /// <summary>At once, while the provider has not authorised yet.</summary>
    BeforePayment,

    /// <summary>As soon as the provider's ledger shows the authorisation.</summary>
    AfterAuthorization,
}

/// <summary>One way an order can go.</summary>
/// <param name="Name">The name in the report.</param>
/// <param name="PaymentMethod">What the provider's simulation does.</param>
/// <param name="EndState">Where the order must end.</param>
/// <param name="Percent">The share of the mix.</param>
/// <param name="Cancellation">When the customer cancels.</param>
/// <param name="OutOfStock">Whether it asks for more than there is.</param>
/// <param name="TakesSeconds">Whether the provider's simulation makes it wait.</param>
internal sealed record OrderPath(
    string Name, string PaymentMethod, string EndState, int Percent,
    Cancellation Cancellation = Cancellation.Never, bool OutOfStock = false, bool TakesSeconds = false)
{
    /// <summary>The path that takes what the others leave.</summary>
    public static OrderPath Confirmed { get; } = new("confirmed", "visa", OrderStates.Confirmed, 70);

    /// <summary>Every path of the flow, by share.</summary>
    public static IReadOnlyList<OrderPath> All { get; } =
    [
        Confirmed,
        new("out of stock", "visa", OrderStates.Rejected, 8, OutOfStock: true),
        new("declined", "declined", OrderStates.Rejected, 8),
        new("cancelled before payment", "slow", OrderStates.Cancelled, 4, Cancellation.BeforePayment, TakesSeconds: true),
        new("cancelled after payment", "late-answer", OrderStates.Cancelled, 4, Cancellation.AfterAuthorization, TakesSeconds: true),
        new("answer lost after charging", "lost-answer", OrderStates.Confirmed, 3),
        new("payment timed out", "hangs", OrderStates.Cancelled, 3, TakesSeconds: true),
    ];
}
