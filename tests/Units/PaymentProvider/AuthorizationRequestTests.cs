using PaymentProvider.Bank;

namespace Units.PaymentProvider;

public sealed class AuthorizationRequestTests
{
    private static readonly AuthorizationRequest Good = new("r1", 10.25m, "EUR", "visa");

    [Fact]
    public void A_request_in_whole_cents_is_looked_at() => Good.IsValid().ShouldBeTrue();

    [Fact]
    public void What_the_bank_could_not_book_is_refused()
    {
        (Good with { Amount = 0 }).IsValid().ShouldBeFalse();
        (Good with { Amount = -1 }).IsValid().ShouldBeFalse();
        (Good with { Amount = 10.255m }).IsValid().ShouldBeFalse();
        (Good with { Amount = 10_000_000_000m }).IsValid().ShouldBeFalse();
        (Good with { Currency = "euro" }).IsValid().ShouldBeFalse();
        (Good with { Currency = null! }).IsValid().ShouldBeFalse();
        (Good with { Reference = "" }).IsValid().ShouldBeFalse();
        (Good with { Reference = "a\0b" }).IsValid().ShouldBeFalse();
        (Good with { Reference = new string('r', 101) }).IsValid().ShouldBeFalse();
        (Good with { Method = null! }).IsValid().ShouldBeFalse();
    }
}
