using Lab.Checking;

namespace Lab.Placing;

/// <summary>An order to be placed.</summary>
/// <param name="Path">Where it is meant to go.</param>
/// <param name="IdempotencyKey">Names the order across retries.</param>
/// <param name="CustomerId">Who orders.</param>
/// <param name="Lines">What is ordered; each SKU once.</param>
internal sealed record PlannedOrder(OrderPath Path, Guid IdempotencyKey, Guid CustomerId, IReadOnlyList<OrderLine> Lines);

/// <summary>The fixed mix of paths in a seeded order: the same seed and count give the same orders.</summary>
internal static class OrderMix
{
    /// <summary>From this count on every path occurs.</summary>
    public const int EveryPathFrom = 20;

    private const string Scarce = "LIMITED-EDITION";
    private const int MoreThanThereIs = 100;

    private static readonly string[] Plentiful = ["COFFEE-1KG", "TEA-500G", "GRINDER", "KETTLE", "FILTER-100"];

    /// <summary>Plans <paramref name="count"/> orders.</summary>
    public static IReadOnlyList<PlannedOrder> Plan(int count, int seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        // Repeatable on purpose: nothing here is a secret.
#pragma warning disable CA5394
        var random = new Random(seed);
        var paths = Paths(count);
        random.Shuffle(paths);
#pragma warning restore CA5394
        return Of(paths, random);
    }

    /// <summary>Plans orders that all go one way.</summary>
    public static IReadOnlyList<PlannedOrder> OfPath(OrderPath path, int count, int seed) => Of(Enumerable.Repeat(path, count), new Random(seed));

    private static PlannedOrder[] Of(IEnumerable<OrderPath> paths, Random random) =>
        [.. paths.Select(path => new PlannedOrder(path, NextGuid(random), NextGuid(random), Lines(path, random)))];

    private static OrderPath[] Paths(int count)
    {
        var rare = OrderPath.All.Where(path => path != OrderPath.Confirmed)
            .SelectMany(path => Enumerable.Repeat(path, Share(path, count)))
            .ToArray();
        return [.. Enumerable.Repeat(OrderPath.Confirmed, count - rare.Length), .. rare];
    }

    private static int Share(OrderPath path, int count) =>
        Math.Max(count >= EveryPathFrom ? 1 : 0, (int)Math.Round(count * path.Percent / 100.0));

#pragma warning disable CA5394
    private static OrderLine[] Lines(OrderPath path, Random random)
    {
        var skus = (string[])[.. Plentiful];
        random.Shuffle(skus);
        var lines = skus.Take(random.Next(1, 4)).Select(sku => new OrderLine(sku, random.Next(1, 6)));
        // The scarce line comes last: what is there must not be reserved on the way to it.
        return path.OutOfStock ? [.. lines, new OrderLine(Scarce, MoreThanThereIs)] : [.. lines];
    }

    private static Guid NextGuid(Random random)
    {
        Span<byte> bytes = stackalloc byte[16];
        random.NextBytes(bytes);
        return new Guid(bytes);
    }
#pragma warning restore CA5394
}
