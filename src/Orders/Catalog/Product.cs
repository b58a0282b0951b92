namespace Orders.Catalog;

/// <summary>An article that can be ordered.</summary>
internal sealed class Product
{
    /// <summary>Names the article; also Inventory's name for it.</summary>
    public required string Sku { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>The price of one, in the shop's currency.</summary>
    public required decimal UnitPrice { get; init; }
}
