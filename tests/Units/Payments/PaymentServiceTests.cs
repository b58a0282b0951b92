using System.Net;
using Microsoft.EntityFrameworkCore;
using Payments;
using Shared.Contracts;
using Support;
using Units.Messaging;

namespace Units.Payments;

public sealed class PaymentServiceTests(Servers servers)
{
    [Fact]
    public async Task A_payment_is_authorised_and_captured_and_both_are_told()
    {
        await using var service = await StartAsync();
        var orderId = await service.AuthorizeAsync();
        await service.ToldAsync(orderId, "payments.payment-authorized.v1");

        await service.SendAsync(new CapturePayment(orderId));

        await service.ToldAsync(orderId, "payments.payment-captured.v1");
        service.Provider.CallsFor(orderId).ShouldBe(["authorize", "capture"]);
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Captured);
    }

    [Fact]
    public async Task A_void_asked_for_while_the_provider_hangs_is_made_at_once_and_outlasts_the_late_answer()
    {
        await using var service = await StartAsync();
        var answer = new TaskCompletionSource<HttpStatusCode>();
        service.Provider.Behave = step => step == "authorize" ? answer.Task : Task.FromResult(HttpStatusCode.OK);
        var orderId = await service.AuthorizeAsync();
        await Eventually.HoldsAsync(() => service.Provider.CallsFor(orderId).Contains("authorize"), "the provider is called");

        await service.SendAsync(new VoidPayment(orderId));
        await service.ToldAsync(orderId, "payments.payment-voided.v1");
        answer.SetResult(HttpStatusCode.Created);

        // The service stops only when the late answer has been dealt with.
        await service.StopAsync();
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Voided);
        service.Told(orderId).ShouldBe(["payments.payment-voided.v1"]);
    }

    [Fact]
    public async Task Payments_that_hang_do_not_keep_others_waiting()
    {
        await using var service = await StartAsync(("Provider:Concurrency", "2"), ("Provider:AttemptTimeout", "00:00:30"), ("Provider:CallTimeout", "00:00:40"), ("Provider:Lease", "00:01:00"));
        var never = new TaskCompletionSource<HttpStatusCode>();
        service.Provider.Behave = _ => never.Task;
        for (var i = 0; i < 6; i++)
            await service.AuthorizeAsync();
        await Eventually.HoldsAsync(() => service.Provider.Calls >= 6, "all six hang, three times as many as there are places");

        service.Provider.Behave = _ => Task.FromResult(HttpStatusCode.Created);
        await service.ToldAsync(await service.AuthorizeAsync(), "payments.payment-authorized.v1");
        never.SetResult(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_call_in_vain_is_repeated_under_the_same_key_until_there_is_an_answer()
    {
        await using var service = await StartAsync(("Provider:Pause", "00:00:00.010"));
        var calls = 0;
        service.Provider.Behave = _ => Interlocked.Increment(ref calls) < 8
            ? Task.FromException<HttpStatusCode>(new HttpRequestException("cut"))
            : Task.FromResult(HttpStatusCode.Created);

        var orderId = await service.AuthorizeAsync();

        await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        service.Provider.CallsFor(orderId).Count.ShouldBe(8);
        service.Provider.CallsFor(orderId).Distinct().ShouldBe(["authorize"]);
    }

    [Fact]
    public async Task A_payment_claimed_by_a_worker_that_was_killed_is_taken_up_when_its_lease_ends()
    {
        await using var service = await StartAsync(("Provider:Lease", "00:00:06"));
        var orderId = Guid.CreateVersion7();
        await using (var db = service.Open())
        {
            // What a killed worker leaves behind: a payment whose lease runs for another half second.
            db.Payments.Add(Payment.Authorizing(
                new AuthorizePayment(orderId, 10m, "EUR", "visa"), DateTimeOffset.UtcNow.AddMilliseconds(500), askedBy: default));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        service.Provider.CallsFor(orderId).ShouldBe(["authorize"]);
    }

    [Fact]
    public async Task A_void_for_a_payment_nobody_asked_for_is_remembered_and_the_provider_never_called()
    {
        await using var service = await StartAsync();
        var orderId = Guid.CreateVersion7();

        await service.SendAsync(new VoidPayment(orderId));
        await service.ToldAsync(orderId, "payments.payment-voided.v1");
        await service.SendAsync(new AuthorizePayment(orderId, 10m, "EUR", "visa"));
        await service.ToldAsync(await service.AuthorizeAsync(), "payments.payment-authorized.v1");

        service.Provider.CallsFor(orderId).ShouldBeEmpty();
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Voided);
    }

    private async Task<PaymentService> StartAsync(params (string Key, string Value)[] settings) =>
        await PaymentService.StartAsync(await servers.NewDatabaseAsync("payments"), settings);
}
