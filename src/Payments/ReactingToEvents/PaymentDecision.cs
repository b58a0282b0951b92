using Shared.Contracts;

namespace Payments.ReactingToEvents;

/// <summary>
/// Choreography: what Payments does when it hears something of an order. It is the one that decides, because it owns the step after
/// which there is no way back: money is asked for once the bill is known and the stock reserved, whichever was heard first, and until
/// the money is set aside a cancellation or the deadline calls the payment off. Which of the two comes first is settled by the rows it
/// decides on: each has a version, and whoever decided on an old one starts over.
/// </summary>
/// <remarks>
/// So of captured, declined and called off each order sees at most one, and none of them when its stock was rejected in time.
/// </remarks>
internal sealed class PaymentDecision(Bill bill, Payment? payment, DateTimeOffset now, AskedBy askedBy)
{
    /// <summary>The payment; null as long as there is none.</summary>
    public Payment? Payment { get; private set; } = payment;

    /// <summary>What is to be told.</summary>
    public PaymentCalledOff? Told { get; private set; }

    /// <summary>What becomes of the deadline.</summary>
    public DeadlineChange Deadline { get; private set; }

    /// <summary>An order was placed: it has until the deadline to be authorised.</summary>
    public void On(OrderPlaced placed)
    {
        // A payment that is there without its bill was called off before; of one that Inventory has no stock for, nothing will come.
        if (!bill.Hear(placed) || Payment is not null || bill.Stock is StockOutcome.Rejected)
            return;
        Deadline = DeadlineChange.Started;
        AuthorizeWhenComplete();
    }

    /// <summary>Its stock is reserved.</summary>
    public void OnStockReserved()
    {
        bill.Hear(StockOutcome.Reserved);
        AuthorizeWhenComplete();
    }

    /// <summary>It has no stock: Orders rejects it, there is nothing to pay.</summary>
    public void OnStockRejected()
    {
        bill.Hear(StockOutcome.Rejected);
        Deadline = DeadlineChange.TakenBack;
    }

    /// <summary>The customer wants it cancelled.</summary>
    public void OnCancellationRequested() => CallOff(Reasons.Customer);

    /// <summary>It has not been authorised in time.</summary>
    public void OnDeadlinePassed() => CallOff(bill.Stock is null ? Reasons.NoStockInTime : Reasons.NotAuthorizedInTime);

    private void AuthorizeWhenComplete()
    {
        if (Payment is null && bill is { Stock: StockOutcome.Reserved, Amount: { } amount, Currency: { } currency, Method: { } method })
            Payment = Payment.AuthorizingToCapture(bill.OrderId, amount, currency, method, now, askedBy);
    }

    private void CallOff(string reason)
    {
        switch (Payment?.State)
        {
            case null when bill.Stock is StockOutcome.Rejected:
                return; // Orders rejects it.
            case null:
                Payment = Payment.NeverToBe(bill.OrderId);
                break;
            case PaymentState.Authorizing or PaymentState.Authorized:
                Payment.AskForVoid(now, askedBy);
                break;
            default:
                return; // Declined or called off before; or the money is being taken, and it is too late.
        }

        Deadline = DeadlineChange.TakenBack;
        Told = new PaymentCalledOff(bill.OrderId, reason, now);
    }

    /// <summary>Why a payment was called off, for people.</summary>
    internal static class Reasons
    {
        public const string Customer = "cancelled by the customer";
        public const string NoStockInTime = "the stock was not reserved in time";
        public const string NotAuthorizedInTime = "the payment was not authorised in time";
    }
}

/// <summary>What becomes of a deadline.</summary>
internal enum DeadlineChange
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It runs from now.</summary>
    Started,

    /// <summary>It is not needed any more. It may be on its way already.</summary>
    TakenBack,
}
