namespace Shared.Contracts;

/// <summary>The order's money is set aside.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record PaymentAuthorized(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>The provider refused.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">The provider's words.</param>
/// <param name="At">When, UTC.</param>
public sealed record PaymentDeclined(Guid OrderId, string Reason, DateTimeOffset At) : IOrderEvent;

/// <summary>The order's money was taken.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record PaymentCaptured(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>No money is set aside for the order, and none will be.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="At">When, UTC.</param>
public sealed record PaymentVoided(Guid OrderId, DateTimeOffset At) : IOrderEvent;

/// <summary>
/// The order's money will not be taken, whatever the provider answers to what was asked before: the customer or the deadline was
/// faster. What is set aside is given back afterwards, which <see cref="PaymentVoided"/> tells. Where no saga decides, Payments does.
/// </summary>
/// <param name="OrderId">The order.</param>
/// <param name="Reason">Why, for people.</param>
/// <param name="At">When, UTC.</param>
public sealed record PaymentCalledOff(Guid OrderId, string Reason, DateTimeOffset At) : IOrderEvent;

/// <summary>The order was not authorised in time. Sent by Payments to itself, held back until the deadline.</summary>
/// <param name="OrderId">The order.</param>
public sealed record AuthorizationDeadlinePassed(Guid OrderId) : IOrderMessage;
