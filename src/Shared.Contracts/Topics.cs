namespace Shared.Contracts;

/// <summary>The topics of the order flow. An owner publishes events and receives commands; the name starts with the owner's.</summary>
public static class Topics
{
    /// <summary>What happened to orders. Published by Orders.</summary>
    public const string OrdersEvents = "orders.events";

    /// <summary>What Inventory is asked to do. Published by Orders.</summary>
    public const string InventoryCommands = "inventory.commands";

    /// <summary>What happened to stock. Published by Inventory.</summary>
    public const string InventoryEvents = "inventory.events";

    /// <summary>What Payments is asked to do. Published by Orders.</summary>
    public const string PaymentsCommands = "payments.commands";

    /// <summary>What happened to payments. Published by Payments.</summary>
    public const string PaymentsEvents = "payments.events";
}
