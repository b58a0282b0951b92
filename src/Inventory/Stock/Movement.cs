namespace Inventory.Stock;

/// <summary>One change of one article's stock.</summary>
internal sealed class Movement
{
    public long MovementId { get; init; }

    public required Guid OrderId { get; init; }

    public required string Sku { get; init; }

    /// <summary>One of <see cref="MovementKind"/>.</summary>
    public required string Kind { get; init; }

    public required int Quantity { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>The ways in which stock moves, as the table spells them.</summary>
internal static class MovementKind
{
    /// <summary>From on hand to reserved.</summary>
    public const string Reserved = "reserved";

    /// <summary>From reserved back to on hand.</summary>
    public const string Released = "released";

    /// <summary>From reserved to committed.</summary>
    public const string Committed = "committed";
}
