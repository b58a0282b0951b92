using System.Diagnostics;
using MassTransit;
using Shared.Contracts;

namespace Payments;

/// <summary>
/// One order's payment: what was asked for and what the provider has confirmed of it. Never deleted, so that a command that comes
/// twice, late or early finds what became of the others.
/// </summary>
internal sealed class Payment
{
    /// <summary>The order; also the provider's reference.</summary>
    public required Guid OrderId { get; init; }

    public required PaymentState State { get; set; }

    public required decimal Amount { get; init; }

    public required string Currency { get; init; }

    public required string Method { get; init; }

    /// <summary>True in choreography: nobody will ask for the money, it is taken as soon as it is set aside.</summary>
    public bool CapturesItself { get; init; }

    /// <summary>Why the provider declined, or refuses what was asked last; null when it did not.</summary>
    public string? Reason { get; set; }

    /// <summary>Calls to the provider in vain since the state was entered.</summary>
    public int Attempts { get; set; }

    /// <summary>How many of them the provider refused, rather than failed, to answer as it should.</summary>
    public int Refusals { get; set; }

    /// <summary>When a worker may call the provider; null when there is nothing to call for.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>The id of the command that asked last: the cause of the event that tells the answer.</summary>
    public string? CausationId { get; set; }

    /// <summary>The trace of whoever asked last; null when nothing traces.</summary>
    public string? TraceParent { get; set; }

    /// <summary>PostgreSQL's xmin: of two transactions that change one payment, the later starts over.</summary>
    public uint Version { get; set; }

    /// <summary>
    /// Where the payment goes when the provider refuses for good what its state asks for; null when it goes on being tried: an
    /// authorisation ends with the order's own deadline, which asks for a void.
    /// </summary>
    public PaymentState? StateWhenRefused => State switch
    {
        PaymentState.Capturing => PaymentState.CaptureRefused,
        PaymentState.Voiding => PaymentState.VoidRefused,
        _ => null,
    };

    /// <summary>A payment that is to be authorised.</summary>
    public static Payment Authorizing(AuthorizePayment command, DateTimeOffset now, AskedBy askedBy) => Begin(
        new Payment
        {
            OrderId = command.OrderId,
            State = PaymentState.Authorizing,
            Amount = command.Amount,
            Currency = command.Currency,
            Method = command.PaymentMethod,
        },
        now,
        askedBy);

    /// <summary>A payment that is to be authorised and, once it is, captured.</summary>
    public static Payment AuthorizingToCapture(
        Guid orderId, decimal amount, string currency, string method, DateTimeOffset now, AskedBy askedBy) => Begin(
        new Payment
        {
            OrderId = orderId,
            State = PaymentState.Authorizing,
            Amount = amount,
            Currency = currency,
            Method = method,
            CapturesItself = true,
        },
        now,
        askedBy);

    /// <summary>The mark of a payment that was voided before anybody asked for it: it will never be authorised.</summary>
    public static Payment NeverToBe(Guid orderId) => new()
    {
        OrderId = orderId,
        State = PaymentState.Voided,
        Amount = 0,
        Currency = "",
        Method = "",
    };

    /// <summary>The token of the deadline of a payment that captures itself: each order has one.</summary>
    public static Guid DeadlineOf(Guid orderId) => orderId;

    /// <summary>Asks for the money. Asking again changes nothing.</summary>
    /// <exception cref="IllegalPaymentChangeException">The money is not set aside.</exception>
    public void AskForCapture(DateTimeOffset now, AskedBy askedBy)
    {
        if (State is PaymentState.Authorized)
            Enter(PaymentState.Capturing, now, askedBy);
        else if (State is not (PaymentState.Capturing or PaymentState.CaptureRefused or PaymentState.Captured))
            throw new IllegalPaymentChangeException(OrderId, State, PaymentState.Captured);
    }

    /// <summary>
    /// Asks for no money to be set aside. It does not matter whether an authorisation is under way: the provider is told to void,
    /// and that also forbids an authorisation that reaches it later. Asking again, or after a refusal, changes nothing.
    /// </summary>
    /// <exception cref="IllegalPaymentChangeException">The money is being taken or was taken.</exception>
    public void AskForVoid(DateTimeOffset now, AskedBy askedBy)
    {
        if (State is PaymentState.Authorizing or PaymentState.Authorized)
            Enter(PaymentState.Voiding, now, askedBy);
        else if (State is PaymentState.Capturing or PaymentState.CaptureRefused or PaymentState.Captured)
            throw new IllegalPaymentChangeException(OrderId, State, PaymentState.Voided);
    }

    /// <summary>Tries again what the provider refused for good: somebody has mended the cause.</summary>
    /// <returns>Whether there was something to try again.</returns>
    public bool TryAgain(DateTimeOffset now)
    {
        PaymentState? again = State switch
        {
            PaymentState.CaptureRefused => PaymentState.Capturing,
            PaymentState.VoidRefused => PaymentState.Voiding,
            _ => null,
        };
        if (again is { } state)
            Enter(state, now, new AskedBy(CausationId, TraceParent));
        return again is not null;
    }

    /// <summary>Takes the provider's answer to a call for <see cref="State"/>.</summary>
    /// <returns>What happened; null when the payment has moved on meanwhile, so that the answer means nothing any more.</returns>
    public IOrderEvent? Take(ProviderAnswer answer, DateTimeOffset now)
    {
        switch (State, answer.Verdict)
        {
            case (PaymentState.Authorizing, ProviderVerdict.Authorized):
                Settle(PaymentState.Authorized);
                if (CapturesItself)
                    AskForCapture(now, new AskedBy(CausationId, TraceParent));
                return new PaymentAuthorized(OrderId, now);
            case (PaymentState.Authorizing, ProviderVerdict.Declined):
                Settle(PaymentState.Declined);
                Reason = answer.Reason;
                return new PaymentDeclined(OrderId, answer.Reason ?? "declined", now);
            case (PaymentState.Capturing, ProviderVerdict.Captured):
                Settle(PaymentState.Captured);
                return new PaymentCaptured(OrderId, now);
            case (PaymentState.Voiding, ProviderVerdict.Voided):
                Settle(PaymentState.Voided);
                return new PaymentVoided(OrderId, now);
            default:
                return null;
        }
    }

    private static Payment Begin(Payment payment, DateTimeOffset now, AskedBy askedBy)
    {
        payment.Enter(PaymentState.Authorizing, now, askedBy);
        return payment;
    }

    private void Enter(PaymentState state, DateTimeOffset now, AskedBy askedBy)
    {
        State = state;
        DueAt = now;
        Attempts = 0;
        Refusals = 0;
        Reason = null;
        CausationId = askedBy.MessageId;
        TraceParent = askedBy.TraceParent;
    }

    private void Settle(PaymentState state)
    {
        State = state;
        DueAt = null;
        Attempts = 0;
        Refusals = 0;
    }
}

/// <summary>Who asked for something: what a later answer names as its cause and goes on in the trace of.</summary>
/// <param name="MessageId">The command's message id; null when it has none.</param>
/// <param name="TraceParent">Its W3C traceparent; null when nothing traces.</param>
internal readonly record struct AskedBy(string? MessageId, string? TraceParent)
{
    /// <summary>The command in hand.</summary>
    public static AskedBy Of(ConsumeContext command) => new(command.MessageId?.ToString("D"), Activity.Current?.Id);
}

/// <summary>Where a payment is. The states that end in -ing await the provider's answer.</summary>
internal enum PaymentState
{
    /// <summary>To be authorised.</summary>
    Authorizing,

    /// <summary>The money is set aside.</summary>
    Authorized,

    /// <summary>The provider refused. The end.</summary>
    Declined,

    /// <summary>The money is to be taken.</summary>
    Capturing,

    /// <summary>The money was taken. The end.</summary>
    Captured,

    /// <summary>The money is to be taken, but the provider refuses it for good. Not tried before somebody says so.</summary>
    CaptureRefused,

    /// <summary>To be voided.</summary>
    Voiding,

    /// <summary>To be voided, but the provider refuses it for good. Not tried before somebody says so.</summary>
    VoidRefused,

    /// <summary>No money is set aside and none will be. The end.</summary>
    Voided,
}

/// <summary>What the provider said.</summary>
/// <param name="Verdict">The answer.</param>
/// <param name="Reason">Why it declined; null otherwise.</param>
internal readonly record struct ProviderAnswer(ProviderVerdict Verdict, string? Reason = null);

/// <summary>The provider's answers.</summary>
internal enum ProviderVerdict
{
    /// <summary>The money is set aside.</summary>
    Authorized,

    /// <summary>The money will not be set aside.</summary>
    Declined,

    /// <summary>The money was taken.</summary>
    Captured,

    /// <summary>No money is set aside.</summary>
    Voided,
}

/// <summary>A command that no order's way leads to, such as capturing what was declined. Trying again will not help.</summary>
internal sealed class IllegalPaymentChangeException(Guid orderId, PaymentState? state, PaymentState asked)
    : Exception($"The payment of order {orderId} is {state?.ToString() ?? "unknown"}; it cannot become {asked}.");
