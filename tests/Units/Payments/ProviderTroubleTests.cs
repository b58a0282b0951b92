using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Payments;
using Shared.Contracts;
using Support;
using Units.Messaging;

namespace Units.Payments;

/// <summary>The whole service while the provider fails or refuses.</summary>
public sealed class ProviderTroubleTests(Servers servers)
{
    [Fact]
    public async Task While_a_circuit_is_open_its_payments_are_left_alone_one_probes_and_then_all_flow()
    {
        await using var service = await StartAsync([.. Breaking, ("Provider:AttemptTimeout", "00:00:30"), ("Provider:CallTimeout", "00:00:40"), ("Provider:Lease", "00:01:00")]);
        var paid = await service.AuthorizeAsync();
        await service.ToldAsync(paid, "payments.payment-authorized.v1");
        await BreakAsync(service);
        var probe = new TaskCompletionSource<HttpStatusCode>();
        var probing = 0;
        service.Provider.Behave = step => step == "authorize" && Interlocked.Increment(ref probing) > 0 ? probe.Task : Task.FromResult(HttpStatusCode.OK);
        var waiting = new List<Guid>();
        for (var i = 0; i < 5; i++)
            waiting.Add(await service.AuthorizeAsync());
        await Eventually.HoldsAsync(() => probing > 0, "one payment probes");
        await Eventually.HoldsAsync(async () => (await service.PaymentsAsync()).Count == 8, "all have been asked for");
        var before = await service.PaymentsAsync();

        // That another circuit's payment gets through shows that the worker is at work.
        await service.SendAsync(new CapturePayment(paid));
        await service.ToldAsync(paid, "payments.payment-captured.v1");

        probing.ShouldBe(1);
        (await service.HealthAsync()).Description.ShouldNotBeNull().ShouldContain("The circuit authorizing has been open since");
        // A claim, even one that is given back, would show in the version of the row.
        (await service.PaymentsAsync()).Where(payment => waiting.Contains(payment.OrderId)).Select(payment => (payment.OrderId, payment.Version, payment.Attempts))
            .ShouldBe(before.Where(payment => waiting.Contains(payment.OrderId)).Select(payment => (payment.OrderId, payment.Version, 0)), ignoreOrder: true);

        probe.SetResult(HttpStatusCode.Created);
        foreach (var orderId in waiting)
            await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        (await service.HealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
    }

    [Fact]
    public async Task A_payment_that_probed_in_vain_lets_the_next_probe_and_only_those_called_for_have_attempts()
    {
        await using var service = await StartAsync([.. Breaking, ("Provider:Concurrency", "2"), ("Provider:LongestPause", "00:00:00.010")]);
        service.Provider.Behave = _ => Task.FromResult(HttpStatusCode.ServiceUnavailable);
        for (var i = 0; i < 5; i++)
            await service.AuthorizeAsync();

        // Most are called for as a probe only, whose retry in place finds the circuit open: that must count all the same.
        await Eventually.HoldsAsync(
            async () => await service.PaymentsAsync() is { Count: 5 } all && all.All(payment => payment.Attempts > 0), "each has been called for");

        foreach (var payment in await service.PaymentsAsync())
            payment.Attempts.ShouldBeLessThanOrEqualTo(service.Provider.CallsFor(payment.OrderId).Count);
    }

    [Fact]
    public async Task A_capture_that_is_refused_for_good_is_given_up_in_plain_sight_and_tried_again_when_somebody_says_so()
    {
        await using var service = await StartAsync(("Provider:Refusals", "3"), ("Provider:Pause", "00:00:00.010"));
        service.Provider.Behave = step => Task.FromResult(step == "capture" ? HttpStatusCode.UnprocessableEntity : HttpStatusCode.OK);
        var orderId = await service.AuthorizeAsync();
        await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        (await service.RetryAsync(orderId)).ShouldBeOfType<ProblemHttpResult>().StatusCode.ShouldBe(StatusCodes.Status409Conflict);

        await service.SendAsync(new CapturePayment(orderId));
        await Eventually.HoldsAsync(async () => await service.StateAsync(orderId) is PaymentState.CaptureRefused, "the capture is given up");

        service.Provider.CallsFor(orderId).ShouldBe(["authorize", "capture", "capture", "capture"]);
        (await service.PaymentsAsync()).ShouldHaveSingleItem().Reason.ShouldBe("422: status 422");
        var health = await service.HealthAsync();
        (health.Status, health.Description).ShouldBe(
            (HealthStatus.Degraded, "The provider refuses 1 captures or voids for good; GET /payments/{orderId} says why."));

        service.Provider.Behave = _ => Task.FromResult(HttpStatusCode.OK);
        (await service.RetryAsync(orderId)).ShouldBeOfType<Accepted>();
        await service.ToldAsync(orderId, "payments.payment-captured.v1");
        (await service.HealthAsync()).Status.ShouldBe(HealthStatus.Healthy);
    }

    private static (string Key, string Value)[] Breaking => [("Provider:MinimumCalls", "4"), ("Provider:BreakDuration", "00:00:00.500"), ("Provider:Pause", "00:00:00.010")];

    private static async Task BreakAsync(PaymentService service)
    {
        service.Provider.Behave = _ => Task.FromResult(HttpStatusCode.ServiceUnavailable);
        await service.AuthorizeAsync();
        await service.AuthorizeAsync();
        await Eventually.HoldsAsync(() => !service.Authorizing.IsClosed, "the circuit is open");
    }

    private async Task<PaymentService> StartAsync(params (string Key, string Value)[] settings) =>
        await PaymentService.StartAsync(await servers.NewDatabaseAsync("payments"), settings);
}
