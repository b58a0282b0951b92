using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Inventory.Stock;

/// <summary>
/// Writes changed stock levels as differences, all of a transaction by one command and in the order of the articles.
/// </summary>
/// <remarks>
/// Every order wants the same few rows, and the partitions' transactions run side by side. So the rows are read without a lock,
/// a whole batch of messages is worked out on them, and the locks are taken only here, at the end and always in one order:
/// nobody waits long, nobody deadlocks, and as a difference is added nobody overwrites another. What is decided on a level that
/// has changed meanwhile is caught by the condition that nothing becomes negative; the batch then starts over.
/// </remarks>
internal static class StockWriter
{
    // "No key": the foreign key of a movement must not wait for whoever changes the level of its article.
    private const string Update = """
        select sku from inventory.stock where sku = any(@skus) order by sku for no key update;
        update inventory.stock s
        set on_hand = s.on_hand + d.on_hand, reserved = s.reserved + d.reserved, committed = s.committed + d.committed
        from unnest(@skus, @on_hand, @reserved, @committed) as d(sku, on_hand, reserved, committed)
        where s.sku = d.sku and s.on_hand + d.on_hand >= 0 and s.reserved + d.reserved >= 0;
        """;

    /// <summary>Writes what has changed, in the current transaction.</summary>
    /// <returns>How many rows were written.</returns>
    /// <exception cref="DbUpdateConcurrencyException">Another transaction took what this one counted on.</exception>
    public static async Task<int> WriteAsync(InventoryDbContext db, CancellationToken cancellationToken)
    {
        var changed = db.ChangeTracker.Entries<StockLevel>().Where(entry => entry.State is EntityState.Modified).ToArray();
        if (changed.Length == 0)
            return 0;

        int[] Differences(string property) =>
            Array.ConvertAll(changed, entry => (int)entry.Property(property).CurrentValue! - (int)entry.Property(property).OriginalValue!);

        var written = await db.Database.ExecuteSqlRawAsync(
            Update,
            [
                new NpgsqlParameter<string[]>("skus", Array.ConvertAll(changed, entry => entry.Entity.Sku)),
                new NpgsqlParameter<int[]>("on_hand", Differences(nameof(StockLevel.OnHand))),
                new NpgsqlParameter<int[]>("reserved", Differences(nameof(StockLevel.Reserved))),
                new NpgsqlParameter<int[]>("committed", Differences(nameof(StockLevel.Committed))),
            ],
            cancellationToken);
        if (written != changed.Length)
            throw new DbUpdateConcurrencyException($"Of {changed.Length} stock levels {changed.Length - written} were taken by others.");

        foreach (var entry in changed)
            entry.State = EntityState.Unchanged;
        return written;
    }
}
