using System.Collections.Concurrent;
using Lab;
using Lab.Placing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Units.Lab;

public sealed class OrdersClientTests : IAsyncLifetime
{
    private static readonly Guid OrderId = Guid.CreateVersion7();

    private readonly ConcurrentQueue<string> _keys = [];
    private readonly Queue<Func<HttpContext, IResult>> _answers = [];
    private WebApplication _server = null!;
    private HttpClient _http = null!;
    private OrdersClient _orders = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _server = builder.Build();
        _server.Map("{**path}", (HttpContext context) =>
        {
            _keys.Enqueue(context.Request.Headers["Idempotency-Key"].ToString());
            return _answers.Dequeue()(context);
        });
        await _server.StartAsync(Cancel);
        _http = new HttpClient { BaseAddress = new Uri(_server.Urls.First()) };
        _orders = new OrdersClient(_http, new Patience(TimeProvider.System, TimeSpan.FromSeconds(20)));
    }

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task An_order_is_placed_again_under_its_key_until_it_is_accepted()
    {
        var order = OrderMix.Plan(1, seed: 1)[0];
        _answers.Enqueue(_ => Results.StatusCode(503));
        _answers.Enqueue(context =>
        {
            context.Abort();
            return Results.Empty;
        });
        _answers.Enqueue(_ => Results.Accepted("/orders/1", new { orderId = OrderId, state = "Placed" }));

        (await _orders.PlaceAsync(order, Cancel)).ShouldBe(OrderId);

        _keys.ShouldBe(Enumerable.Repeat(order.IdempotencyKey.ToString(), 3));
    }

    [Fact]
    public async Task A_refusal_is_final_and_told_in_one_line()
    {
        _answers.Enqueue(_ => Results.Problem("no such sku", statusCode: 400));

        var refusal = await Should.ThrowAsync<LabException>(() => _orders.PlaceAsync(OrderMix.Plan(1, seed: 1)[0], Cancel));

        refusal.Message.ShouldStartWith("POST /orders answered 400 instead of 202: ");
        refusal.Message.ShouldContain("no such sku");
        refusal.Message.ShouldNotContain('\n');
    }

    [Fact]
    public async Task Cancelling_tells_whether_the_order_had_ended()
    {
        _answers.Enqueue(_ => Results.Accepted());
        _answers.Enqueue(_ => Results.Conflict());
        _answers.Enqueue(_ => Results.NotFound());

        (await _orders.CancelAsync(OrderId, Cancel)).ShouldBeTrue();
        (await _orders.CancelAsync(OrderId, Cancel)).ShouldBeFalse();
        (await _orders.CancelAsync(OrderId, Cancel)).ShouldBeFalse();
    }

    [Fact]
    public async Task An_order_is_read_with_its_timeline_once_it_is_known()
    {
        _answers.Enqueue(_ => Results.NotFound());
        _answers.Enqueue(_ => Results.Ok(new
        {
            orderId = OrderId,
            state = "Confirmed",
            timeline = new[] { new { at = AQuietSystem.At(1), what = "order-placed" }, new { at = AQuietSystem.At(3), what = "order-confirmed" } },
        }));

        (await _orders.FindAsync(OrderId, Cancel)).ShouldBeNull();
        var view = await _orders.FindAsync(OrderId, Cancel);

        var outcome = new OrderOutcome(OrderMix.Plan(1, seed: 1)[0], OrderId, view);
        outcome.IsAsExpected.ShouldBeTrue();
        outcome.Duration.ShouldBe(TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task What_fails_for_too_long_ends_with_what_was_being_done()
    {
        var orders = new OrdersClient(_http, new Patience(TimeProvider.System, TimeSpan.Zero));
        _answers.Enqueue(_ => Results.StatusCode(500));
        _answers.Enqueue(_ => Results.StatusCode(500));

        (await Should.ThrowAsync<LabException>(() => orders.CancelAsync(OrderId, Cancel)))
            .Message.ShouldStartWith($"cancelling order {OrderId}: still failing after 0 s: DELETE /orders/{OrderId} answered 500");
    }
}
