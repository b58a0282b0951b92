using Shared.Contracts;

namespace Inventory.Stock;

/// <summary>What became of one order's stock. There is one per order, so a command that comes twice finds the answer given.</summary>
internal sealed class Reservation
{
    public required Guid OrderId { get; init; }

    /// <summary>One of <see cref="ReservationState"/>.</summary>
    public required string State { get; set; }

    /// <summary>What was asked for; empty when it was released before it was asked for.</summary>
    public required IReadOnlyList<StockLine> Lines { get; init; }
}

/// <summary>The states of a reservation, as the table spells them.</summary>
internal static class ReservationState
{
    public const string Reserved = "reserved";
    public const string Rejected = "rejected";
    public const string Released = "released";
    public const string Committed = "committed";
}

/// <summary>A command that no order's way leads to, such as committing what was never reserved. Trying again will not help.</summary>
internal sealed class IllegalReservationChangeException(Guid orderId, string? state, string asked)
    : Exception($"The stock of order {orderId} is {state ?? "unknown"}; it cannot be {asked}.");
