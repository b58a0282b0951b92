namespace Shared.Contracts;

/// <summary>One kind of message: its stable name on the wire, its topic, the type that stands for it in .NET.</summary>
/// <param name="Name">The name with its version. Never changed or given to another message once it was published.</param>
/// <param name="Topic">One of <see cref="Topics"/>.</param>
/// <param name="ClrType">An <see cref="IOrderMessage"/>.</param>
public sealed record MessageKind(string Name, string Topic, Type ClrType);

/// <summary>Every message of the order flow.</summary>
public static class OrderFlow
{
    /// <summary>All kinds, by topic.</summary>
    public static IReadOnlyList<MessageKind> Messages { get; } =
    [
        Kind<OrderPlaced>(Topics.OrdersEvents, "orders.order-placed.v1"),
        Kind<OrderCancellationRequested>(Topics.OrdersEvents, "orders.cancellation-requested.v1"),
        Kind<StockDeadlinePassed>(Topics.OrdersEvents, "orders.stock-deadline-passed.v1"),
        Kind<PaymentDeadlinePassed>(Topics.OrdersEvents, "orders.payment-deadline-passed.v1"),
        Kind<OrderConfirmed>(Topics.OrdersEvents, "orders.order-confirmed.v1"),
        Kind<OrderRejected>(Topics.OrdersEvents, "orders.order-rejected.v1"),
        Kind<OrderCancelled>(Topics.OrdersEvents, "orders.order-cancelled.v1"),

        Kind<ReserveStock>(Topics.InventoryCommands, "inventory.reserve-stock.v1"),
        Kind<ReleaseStock>(Topics.InventoryCommands, "inventory.release-stock.v1"),
        Kind<CommitStock>(Topics.InventoryCommands, "inventory.commit-stock.v1"),

        Kind<StockReserved>(Topics.InventoryEvents, "inventory.stock-reserved.v1"),
        Kind<StockRejected>(Topics.InventoryEvents, "inventory.stock-rejected.v1"),
        Kind<StockReleased>(Topics.InventoryEvents, "inventory.stock-released.v1"),
        Kind<StockCommitted>(Topics.InventoryEvents, "inventory.stock-committed.v1"),

        Kind<AuthorizePayment>(Topics.PaymentsCommands, "payments.authorize-payment.v1"),
        Kind<CapturePayment>(Topics.PaymentsCommands, "payments.capture-payment.v1"),
        Kind<VoidPayment>(Topics.PaymentsCommands, "payments.void-payment.v1"),

        Kind<PaymentAuthorized>(Topics.PaymentsEvents, "payments.payment-authorized.v1"),
        Kind<PaymentDeclined>(Topics.PaymentsEvents, "payments.payment-declined.v1"),
        Kind<PaymentCaptured>(Topics.PaymentsEvents, "payments.payment-captured.v1"),
        Kind<PaymentVoided>(Topics.PaymentsEvents, "payments.payment-voided.v1"),
        Kind<PaymentCalledOff>(Topics.PaymentsEvents, "payments.payment-called-off.v1"),
        Kind<AuthorizationDeadlinePassed>(Topics.PaymentsEvents, "payments.authorization-deadline-passed.v1"),
    ];

    /// <summary>The partition key of any of them: the order id, lower case with hyphens.</summary>
    /// <exception cref="InvalidCastException">The message is not one of the order flow.</exception>
    public static string KeyOf(object message) => ((IOrderMessage)message).OrderId.ToString("D");

    private static MessageKind Kind<TMessage>(string topic, string name)
        where TMessage : IOrderMessage => new(name, topic, typeof(TMessage));
}
