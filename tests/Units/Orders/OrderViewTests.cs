using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Orders;
using Orders.ReadingOrders;
using Shared.Contracts;
using Support;

namespace Units.Orders;

/// <summary>The read model, fed by three topics side by side.</summary>
public sealed class OrderViewTests(Servers servers)
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task Whichever_topic_comes_first_the_view_ends_the_same()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(OrderView).Assembly);
        var steps = new Action<OrderViewChanges, Guid>[]
        {
            (changes, id) => changes.Place(new OrderPlaced(id, "customer", [new("KETTLE", 2, 79m)], 158m, "EUR", "visa", Noon)),
            (changes, id) => changes.Add(id, new TimelineEntry(Noon.AddSeconds(1), "stock-reserved"), OrderStates.StockReserved),
            (changes, id) => changes.Add(id, new TimelineEntry(Noon.AddSeconds(2), "payment-declined", "no money"), OrderStates.Placed),
            (changes, id) => changes.Add(id, new TimelineEntry(Noon.AddSeconds(3), "order-rejected", "no money"), OrderStates.Rejected),
            (changes, id) => changes.Add(id, new TimelineEntry(Noon.AddSeconds(4), "stock-released"), OrderStates.Placed),
        };
        var random = new Random(7);
        for (var i = 0; i < 10; i++)
        {
            var id = Guid.CreateVersion7();
            random.Shuffle(steps);
            foreach (var batch in steps.Chunk(2))
            {
                await using var db = Open(database);
                foreach (var step in batch)
                    step(db.OrderViewChanges, id);
                await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            }

            await using var check = Open(database);
            var view = await check.OrderViews.SingleAsync(view => view.OrderId == id, TestContext.Current.CancellationToken);
            (view.State, view.Reason, view.CustomerId, view.Amount, view.Currency).ShouldBe(("Rejected", "no money", "customer", 158m, "EUR"));
            view.Lines.ShouldBe([new OrderLine("KETTLE", 2, 79m)]);
            OrderDetails.From(view).Timeline.Select(entry => entry.What)
                .ShouldBe(["order-placed", "stock-reserved", "payment-declined", "order-rejected", "stock-released"]);
        }
    }

    [Fact]
    public async Task Writers_of_the_same_orders_in_opposite_order_neither_deadlock_nor_lose_an_entry()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(OrderView).Assembly);
        var ids = Enumerable.Range(0, 20).Select(_ => Guid.CreateVersion7()).ToArray();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(async writer =>
        {
            for (var batch = 0; batch < 25; batch++)
            {
                await using var db = Open(database);
                foreach (var id in writer % 2 == 0 ? ids : ids.Reverse())
                    db.OrderViewChanges.Add(id, new TimelineEntry(Noon, $"{writer}.{batch}"), OrderStates.Placed);
                await db.SaveChangesAsync(TestContext.Current.CancellationToken);
            }
        }));

        await using var check = Open(database);
        var views = await check.OrderViews.ToListAsync(TestContext.Current.CancellationToken);
        views.Count.ShouldBe(20);
        views.ShouldAllBe(view => view.Timeline.Select(entry => entry.What).Distinct().Count() == 100);
    }

    [Fact]
    public async Task What_was_gathered_for_a_transaction_that_was_rolled_back_is_not_written_by_the_next_that_gets_the_same_instance()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(OrderView).Assembly);
        var pool = new PooledDbContextFactory<OrdersDbContext>(ServiceSchema.Options<OrdersDbContext>(database), poolSize: 1);
        var (rolledBack, committed) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        OrdersDbContext pooled;
        await using (pooled = await pool.CreateDbContextAsync(TestContext.Current.CancellationToken))
            pooled.OrderViewChanges.Add(rolledBack, new TimelineEntry(Noon, "stock-reserved"), OrderStates.StockReserved);

        await using (var next = await pool.CreateDbContextAsync(TestContext.Current.CancellationToken))
        {
            next.ShouldBeSameAs(pooled);
            next.OrderViewChanges.Add(committed, new TimelineEntry(Noon, "stock-reserved"), OrderStates.StockReserved);
            await next.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await using var check = Open(database);
        (await check.OrderViews.Select(view => view.OrderId).ToListAsync(TestContext.Current.CancellationToken)).ShouldBe([committed]);
    }

    private static OrdersDbContext Open(string database) => new(ServiceSchema.Options<OrdersDbContext>(database));
}
