namespace Orders.FulfillingAnOrder;

/// <summary>How long a fulfilment waits for others. Configuration section <c>Fulfilment</c>.</summary>
internal sealed class FulfilmentOptions
{
    /// <summary>How long Inventory may take to answer before the order is cancelled. Default 10 s.</summary>
    public TimeSpan StockDeadline { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>How long Payments may take to authorise before the order is cancelled. Default 10 s.</summary>
    public TimeSpan PaymentDeadline { get; set; } = TimeSpan.FromSeconds(10);
}
