using Lab.Placing;

namespace Units.Lab;

public sealed class OrderMixTests
{
    [Theory]
    [InlineData(200, "confirmed 140, out of stock 16, declined 16, cancelled before payment 8, cancelled after payment 8, answer lost after charging 6, payment timed out 6")]
    [InlineData(20, "confirmed 12, out of stock 2, declined 2, cancelled before payment 1, cancelled after payment 1, answer lost after charging 1, payment timed out 1")]
    [InlineData(1, "confirmed 1, out of stock 0, declined 0, cancelled before payment 0, cancelled after payment 0, answer lost after charging 0, payment timed out 0")]
    public void The_mix_has_fixed_proportions(int count, string expected)
    {
        var plan = OrderMix.Plan(count, seed: 1);

        string.Join(", ", OrderPath.All.Select(path => $"{path.Name} {plan.Count(order => order.Path == path)}")).ShouldBe(expected);
    }

    [Fact]
    public void The_same_seed_gives_the_same_orders_and_another_seed_others()
    {
        static string[] Plan(int seed) =>
            [.. OrderMix.Plan(100, seed).Select(order => $"{order.Path.Name} {order.IdempotencyKey} {string.Join(",", order.Lines)}")];

        Plan(42).ShouldBe(Plan(42));
        Plan(42).ShouldNotBe(Plan(43));
    }

    [Fact]
    public void Every_order_is_acceptable_and_only_those_out_of_stock_ask_for_too_much()
    {
        foreach (var order in OrderMix.Plan(1_000, seed: 7))
        {
            order.Lines.Select(line => line.Sku).ShouldBeUnique();
            order.Lines.Count.ShouldBeInRange(1, 4);
            order.Lines.ShouldAllBe(line => line.Quantity >= 1);
            order.Lines.Any(line => line is { Sku: "LIMITED-EDITION", Quantity: > 25 }).ShouldBe(order.Path.OutOfStock);
        }
    }

    [Fact]
    public void Keys_are_unique() => OrderMix.Plan(1_000, seed: 7).Select(order => order.IdempotencyKey).ShouldBeUnique();
}
