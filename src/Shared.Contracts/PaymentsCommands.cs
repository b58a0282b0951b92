namespace Shared.Contracts;

/// <summary>Have an order's money set aside. Answered by <see cref="PaymentAuthorized"/> or <see cref="PaymentDeclined"/>, in time or late.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Amount">How much, more than zero.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="PaymentMethod">How the customer pays; understood by the payment provider alone.</param>
public sealed record AuthorizePayment(Guid OrderId, decimal Amount, string Currency, string PaymentMethod) : IOrderMessage;

/// <summary>Take the money that was set aside. Answered by <see cref="PaymentCaptured"/>; it does not fail, it can only take long.</summary>
/// <param name="OrderId">The order.</param>
public sealed record CapturePayment(Guid OrderId) : IOrderMessage;

/// <summary>
/// Leave no money set aside for the order, now or later, whatever became or will become of its authorisation.
/// Answered by <see cref="PaymentVoided"/> unless the payment was declined.
/// </summary>
/// <param name="OrderId">The order.</param>
public sealed record VoidPayment(Guid OrderId) : IOrderMessage;
