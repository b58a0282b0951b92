using Payments;
using Shared.Contracts;
using Support;
using Units.Messaging;
using Units.Payments;

namespace Units.Choreography;

/// <summary>On PostgreSQL, where the news of one order comes on several topics at once.</summary>
public sealed class PaymentReactionTests(Servers servers)
{
    private const string Captured = "payments.payment-captured.v1";
    private const string CalledOff = "payments.payment-called-off.v1";

    [Fact]
    public async Task Orders_and_their_stock_that_are_heard_of_at_the_same_time_are_all_paid_once()
    {
        await using var service = await StartAsync();
        Guid[] orders = [.. Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7())];

        await Task.WhenAll(orders.SelectMany(order => new[] { service.SendAsync(Placed(order)), service.SendAsync(Reserved(order)) }));

        foreach (var order in orders)
        {
            await service.ToldAsync(order, Captured);
            service.Provider.CallsFor(order).ShouldBe(["authorize", "capture"]);
        }
    }

    [Fact]
    public async Task A_cancellation_at_the_moment_at_which_the_stock_is_reserved_leaves_one_decision()
    {
        await using var service = await StartAsync();
        Guid[] orders = [.. Enumerable.Range(0, 40).Select(_ => Guid.CreateVersion7())];
        await Task.WhenAll(orders.Select(order => service.SendAsync(Placed(order))));

        await Task.WhenAll(orders.SelectMany(order => new[]
        {
            service.SendAsync(new OrderCancellationRequested(order, DateTimeOffset.UtcNow)), service.SendAsync(Reserved(order)),
        }));

        foreach (var order in orders)
        {
            await Eventually.HoldsAsync(() => service.Told(order).Any(what => what is Captured or CalledOff), "it is decided");
            service.Told(order).Count(what => what is Captured or CalledOff).ShouldBe(1);
        }
    }

    [Fact]
    public async Task A_deadline_calls_off_what_nobody_reserved_and_the_news_that_comes_too_late_changes_nothing()
    {
        await using var service = await StartAsync(("Choreography:AuthorizationDeadline", "00:00:02"));
        var (late, paid) = (Guid.CreateVersion7(), Guid.CreateVersion7());

        await service.SendAsync(Placed(late));
        await service.ToldAsync(late, CalledOff);
        await service.SendAsync(Reserved(late));
        await service.SendAsync(Reserved(paid));
        await service.SendAsync(Placed(paid));
        await service.ToldAsync(paid, Captured);

        service.Provider.CallsFor(late).ShouldBeEmpty();
        (await service.StateAsync(late)).ShouldBe(PaymentState.Voided);
    }

    private static OrderPlaced Placed(Guid order) =>
        new(order, "customer", [new OrderLine("KETTLE", 1, 79m)], 79m, "EUR", "visa", DateTimeOffset.UtcNow);

    private static StockReserved Reserved(Guid order) => new(order, DateTimeOffset.UtcNow);

    private async Task<PaymentService> StartAsync(params (string Key, string Value)[] settings) =>
        await PaymentService.StartAsync(await servers.NewDatabaseAsync("payments"), settings);
}
