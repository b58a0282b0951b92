using Payments;
using Shared.Contracts;

namespace Units.Payments;

public sealed class PaymentTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);
    private readonly Guid _orderId = Guid.CreateVersion7();

    [Fact]
    public void A_payment_begins_due_to_be_authorised()
    {
        var payment = Asked();

        payment.State.ShouldBe(PaymentState.Authorizing);
        payment.DueAt.ShouldBe(Now);
        (payment.Amount, payment.Currency, payment.Method, payment.TraceParent).ShouldBe((79m, "EUR", "visa", "00-trace"));
    }

    [Fact]
    public void An_authorised_payment_waits_until_somebody_asks_for_more()
    {
        var payment = Asked();

        payment.Take(new ProviderAnswer(ProviderVerdict.Authorized), Now).ShouldBe(new PaymentAuthorized(_orderId, Now));

        payment.State.ShouldBe(PaymentState.Authorized);
        payment.DueAt.ShouldBeNull();
    }

    [Fact]
    public void A_refusal_is_told_in_the_providers_words()
    {
        var payment = Asked();

        payment.Take(new ProviderAnswer(ProviderVerdict.Declined, "The card was declined."), Now)
            .ShouldBe(new PaymentDeclined(_orderId, "The card was declined.", Now));

        payment.State.ShouldBe(PaymentState.Declined);
        payment.Reason.ShouldBe("The card was declined.");
        payment.DueAt.ShouldBeNull();
    }

    [Fact]
    public void A_capture_asked_for_twice_happens_once()
    {
        var payment = In(PaymentState.Authorized);
        payment.AskForCapture(Now, default);
        payment.AskForCapture(Now.AddMinutes(1), default);

        payment.State.ShouldBe(PaymentState.Capturing);
        payment.DueAt.ShouldBe(Now);
        payment.Take(new ProviderAnswer(ProviderVerdict.Captured), Now).ShouldBe(new PaymentCaptured(_orderId, Now));
        payment.AskForCapture(Now, default);
        payment.State.ShouldBe(PaymentState.Captured);
        payment.Take(new ProviderAnswer(ProviderVerdict.Captured), Now).ShouldBeNull();
    }

    [Theory]
    [InlineData("Authorized", null)]
    [InlineData("Declined", "no money")]
    public void A_void_asked_for_while_the_provider_decides_ends_voided_whatever_it_answers(string verdict, string? reason)
    {
        var payment = Asked();
        payment.Attempts = 3;
        payment.AskForVoid(Now.AddSeconds(1), new AskedBy(null, "00-other"));

        payment.State.ShouldBe(PaymentState.Voiding);
        payment.DueAt.ShouldBe(Now.AddSeconds(1));
        payment.Attempts.ShouldBe(0);
        payment.TraceParent.ShouldBe("00-other");
        payment.Take(new ProviderAnswer(Enum.Parse<ProviderVerdict>(verdict), reason), Now).ShouldBeNull();
        payment.State.ShouldBe(PaymentState.Voiding);
        payment.DueAt.ShouldBe(Now.AddSeconds(1));

        payment.Take(new ProviderAnswer(ProviderVerdict.Voided), Now).ShouldBe(new PaymentVoided(_orderId, Now));
        payment.State.ShouldBe(PaymentState.Voided);
        payment.DueAt.ShouldBeNull();
    }

    [Theory]
    [InlineData("Declined")]
    [InlineData("Voiding")]
    [InlineData("Voided")]
    public void A_void_changes_nothing_where_no_money_is_set_aside(string state)
    {
        var payment = In(Enum.Parse<PaymentState>(state));
        var due = payment.DueAt;

        payment.AskForVoid(Now.AddMinutes(1), default);

        payment.State.ShouldBe(Enum.Parse<PaymentState>(state));
        payment.DueAt.ShouldBe(due);
    }

    [Theory]
    [InlineData("Capturing")]
    [InlineData("Captured")]
    public void Money_that_is_taken_cannot_be_voided(string state) =>
        Should.Throw<IllegalPaymentChangeException>(() => In(Enum.Parse<PaymentState>(state)).AskForVoid(Now, default));

    [Theory]
    [InlineData("Authorizing")]
    [InlineData("Declined")]
    [InlineData("Voiding")]
    [InlineData("Voided")]
    public void Money_that_is_not_set_aside_cannot_be_captured(string state) =>
        Should.Throw<IllegalPaymentChangeException>(() => In(Enum.Parse<PaymentState>(state)).AskForCapture(Now, default));

    [Fact]
    public void A_payment_voided_before_it_was_asked_for_asks_nothing_of_the_provider()
    {
        var payment = Payment.NeverToBe(_orderId);

        payment.State.ShouldBe(PaymentState.Voided);
        payment.DueAt.ShouldBeNull();
    }

    private Payment Asked() => Payment.Authorizing(new AuthorizePayment(_orderId, 79m, "EUR", "visa"), Now, new AskedBy(null, "00-trace"));

    private Payment In(PaymentState state)
    {
        var payment = Asked();
        if (state is PaymentState.Authorizing)
            return payment;
        if (state is PaymentState.Declined)
        {
            payment.Take(new ProviderAnswer(ProviderVerdict.Declined), Now);
            return payment;
        }

        payment.Take(new ProviderAnswer(ProviderVerdict.Authorized), Now);
        if (state is PaymentState.Capturing or PaymentState.Captured)
            payment.AskForCapture(Now, default);
        if (state is PaymentState.Voiding or PaymentState.Voided)
            payment.AskForVoid(Now, default);
        if (state is PaymentState.Captured)
            payment.Take(new ProviderAnswer(ProviderVerdict.Captured), Now);
        if (state is PaymentState.Voided)
            payment.Take(new ProviderAnswer(ProviderVerdict.Voided), Now);
        payment.State.ShouldBe(state);
        return payment;
    }
}
