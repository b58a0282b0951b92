using Inventory.Stock;

namespace Units.Inventory;

public sealed class StockLevelTests
{
    [Theory]
    [InlineData(MovementKind.Reserved, 7, 8, 5)]
    [InlineData(MovementKind.Released, 13, 2, 5)]
    [InlineData(MovementKind.Committed, 10, 2, 8)]
    public void A_movement_changes_where_stock_is_and_never_how_much_there_is(string kind, int onHand, int reserved, int committed)
    {
        var level = new StockLevel { Sku = "KETTLE", InitialOnHand = 20, OnHand = 10, Reserved = 5, Committed = 5 };

        level.Move(kind, 3);

        (level.OnHand, level.Reserved, level.Committed).ShouldBe((onHand, reserved, committed));
        (level.OnHand + level.Reserved + level.Committed).ShouldBe(level.InitialOnHand);
    }

    [Fact]
    public void There_are_no_other_movements()
    {
        var level = new StockLevel { Sku = "KETTLE", InitialOnHand = 1, OnHand = 1, Reserved = 0, Committed = 0 };

        Should.Throw<ArgumentOutOfRangeException>(() => level.Move("vanished", 1));
    }
}
