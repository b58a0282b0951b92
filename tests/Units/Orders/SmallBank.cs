using Payments;

namespace Units.Orders;

/// <summary>The bank's side of one order: it does what it is told once, and a void forbids what comes later.</summary>
internal sealed class SmallBank(bool declines)
{
    /// <summary>none, authorized, declined, captured or voided.</summary>
    public string State { get; private set; } = "none";

    /// <summary>Acts now; what it answers is known to Payments later, maybe after a later call's answer.</summary>
    public ProviderAnswer Answer(PaymentState asked) => asked switch
    {
        PaymentState.Authorizing => Authorize(),
        PaymentState.Capturing => Capture(),
        _ => Void(),
    };

    private ProviderAnswer Authorize()
    {
        if (State is "voided")
            return new ProviderAnswer(ProviderVerdict.Declined, "voided before");
        if (State is "none")
            State = declines ? "declined" : "authorized";
        return State is "declined" ? new ProviderAnswer(ProviderVerdict.Declined, "declined") : new ProviderAnswer(ProviderVerdict.Authorized);
    }

    private ProviderAnswer Capture()
    {
        State.ShouldBeOneOf("authorized", "captured");
        State = "captured";
        return new ProviderAnswer(ProviderVerdict.Captured);
    }

    private ProviderAnswer Void()
    {
        State.ShouldNotBe("captured");
        State = "voided";
        return new ProviderAnswer(ProviderVerdict.Voided);
    }
}
