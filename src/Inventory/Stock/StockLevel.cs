namespace Inventory.Stock;

/// <summary>How much there is of one article. On hand at the start = on hand + reserved + committed, at any time.</summary>
internal sealed class StockLevel
{
    public required string Sku { get; init; }

    public required int InitialOnHand { get; init; }

    /// <summary>Free to be reserved.</summary>
    public required int OnHand { get; set; }

    /// <summary>Set aside for orders that are under way.</summary>
    public required int Reserved { get; set; }

    /// <summary>Gone to customers.</summary>
    public required int Committed { get; set; }

    /// <summary>Moves a quantity the way that <paramref name="kind"/> says.</summary>
    public void Move(string kind, int quantity)
    {
        switch (kind)
        {
            case MovementKind.Reserved:
                OnHand -= quantity;
                Reserved += quantity;
                break;
            case MovementKind.Released:
                Reserved -= quantity;
                OnHand += quantity;
                break;
            case MovementKind.Committed:
                Reserved -= quantity;
                Committed += quantity;
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "No such movement.");
        }
    }
}
