using Inventory;
using Inventory.Stock;
using Microsoft.EntityFrameworkCore;
using Shared.Contracts;
using Support;

namespace Units.Inventory;

/// <summary>Batches of several partitions that want the same few rows.</summary>
public sealed class StockWriterTests(Servers servers)
{
    private const string Scarce = "LIMITED-EDITION";
    private const int ScarceAtStart = 25;

    [Fact]
    public async Task Two_batches_that_read_the_same_level_both_count()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(StockLevel).Assembly);
        await using var one = await BeginAsync(database);
        await using var other = await BeginAsync(database);
        await MoveAsync(one, MovementKind.Reserved, ("KETTLE", 3));
        await MoveAsync(other, MovementKind.Reserved, ("KETTLE", 4));

        await CommitAsync(one);
        await CommitAsync(other);

        (await LevelAsync(database, "KETTLE")).ShouldBe((1_000_000 - 7, 7, 0));
    }

    [Fact]
    public async Task The_last_pieces_go_to_one_of_two_batches_and_the_other_starts_over()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(StockLevel).Assembly);
        await using var one = await BeginAsync(database);
        await using var other = await BeginAsync(database);
        await MoveAsync(one, MovementKind.Reserved, (Scarce, ScarceAtStart - 5));
        await MoveAsync(other, MovementKind.Reserved, ("KETTLE", 1), (Scarce, 6));

        await CommitAsync(one);
        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => CommitAsync(other));

        (await LevelAsync(database, Scarce)).ShouldBe((5, ScarceAtStart - 5, 0));
        (await LevelAsync(database, "KETTLE", other)).ShouldBe((1_000_000, 0, 0));
    }

    [Fact]
    public async Task Messages_of_one_batch_see_what_the_earlier_ones_took()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(StockLevel).Assembly);
        await using var db = await BeginAsync(database);
        var warehouse = new Warehouse(db, TimeProvider.System);
        await MoveAsync(db, MovementKind.Reserved, (Scarce, ScarceAtStart));

        var shortage = await warehouse.FindShortageAsync([new StockLine("KETTLE", 1), new StockLine(Scarce, 1)], TestContext.Current.CancellationToken);

        shortage.ShouldBe((Scarce, $"{Scarce}: 1 ordered, 0 on hand"));
    }

    [Fact]
    public async Task Batches_that_move_the_same_articles_in_any_order_and_back_never_deadlock()
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(StockLevel).Assembly);

        await Task.WhenAll(Enumerable.Range(0, 6).Select(async writer =>
        {
            var random = new Random(writer);
            string[] skus = ["COFFEE-1KG", "FILTER-100", "GRINDER", "KETTLE", "TEA-500G"];
            for (var batch = 0; batch < 40; batch++)
            {
                await using var db = await BeginAsync(database);
                random.Shuffle(skus);
                // What is reserved and released again changes no level, but it is in the book.
                await MoveAsync(db, MovementKind.Reserved, (skus[0], 2));
                await MoveAsync(db, MovementKind.Released, (skus[0], 2));
                foreach (var sku in skus[1..4])
                    await MoveAsync(db, MovementKind.Reserved, (sku, 1));
                await CommitAsync(db);
            }
        }));

        await using var check = await BeginAsync(database);
        (await check.Stock.SumAsync(level => level.Reserved, TestContext.Current.CancellationToken)).ShouldBe(6 * 40 * 3);
    }

    private static async Task<InventoryDbContext> BeginAsync(string database)
    {
        var db = new InventoryDbContext(ServiceSchema.Options<InventoryDbContext>(database));
        await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        return db;
    }

    private static async Task MoveAsync(InventoryDbContext db, string kind, params (string Sku, int Quantity)[] lines)
    {
        var reservation = new Reservation
        {
            OrderId = Guid.CreateVersion7(), State = ReservationState.Reserved, Lines = [.. lines.Select(line => new StockLine(line.Sku, line.Quantity))],
        };
        await new Warehouse(db, TimeProvider.System).MoveAsync(reservation, kind, TestContext.Current.CancellationToken);
    }

    private static async Task CommitAsync(InventoryDbContext db)
    {
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        await db.Database.CommitTransactionAsync(TestContext.Current.CancellationToken);
    }

    private static async Task<(int OnHand, int Reserved, int Committed)> LevelAsync(string database, string sku, InventoryDbContext? giveUp = null)
    {
        if (giveUp is not null)
            await giveUp.Database.RollbackTransactionAsync(TestContext.Current.CancellationToken);
        await using var db = new InventoryDbContext(ServiceSchema.Options<InventoryDbContext>(database));
        var level = await db.Stock.AsNoTracking().SingleAsync(level => level.Sku == sku, TestContext.Current.CancellationToken);
        return (level.OnHand, level.Reserved, level.Committed);
    }
}
