using System.Net;
using Support;
using Units.Payments;

namespace Units.Antipatterns;

/// <summary>A new key for each attempt. What holds instead: the same key for each, as the second case shows.</summary>
public sealed class NoIdempotencyKeyTests(Servers servers)
{
    [Theory]
    [InlineData("no-idempotency-key", 2)]
    [InlineData("", 1)]
    public async Task A_provider_whose_answer_got_lost_is_asked_again_and_sets_money_aside_for_each_key(string antipattern, int expected)
    {
        await using var service = await PaymentService.StartAsync(await servers.NewDatabaseAsync("payments"), [("Antipattern", antipattern)]);
        var lost = 0;
        service.Provider.Behave = _ => Interlocked.Exchange(ref lost, 1) == 0
            ? throw new HttpRequestException("The connection was cut after the money was set aside.")
            : Task.FromResult(HttpStatusCode.Created);

        var orderId = await service.AuthorizeAsync();
        await service.ToldAsync(orderId, "payments.payment-authorized.v1");

        service.Provider.CallsFor(orderId).Count.ShouldBe(2);
        service.Provider.CallsFor(orderId).Distinct().Count().ShouldBe(expected, "each key is a payment to the provider");
    }
}
