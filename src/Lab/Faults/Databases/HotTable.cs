namespace Lab.Faults;

/// <summary>A table that a service writes with nearly every message.</summary>
/// <param name="Target">What schedules and reports call it.</param>
/// <param name="Database">The database it is in.</param>
/// <param name="Name">Its name there.</param>
internal sealed record HotTable(string Target, string Database, string Name)
{
    /// <summary>The target that nobody writes without a saga.</summary>
    public const string Sagas = "orders-fulfilments";

    /// <summary>The target that the read model is written to, whoever coordinates.</summary>
    public const string Views = "orders-views";

    /// <summary>The tables of the pattern and of the business.</summary>
    public static IReadOnlyList<HotTable> All { get; } =
    [
        new("orders-outbox", "orders-db", "messaging.outbox"),
        new(Sagas, "orders-db", "orders.fulfilments"),
        new(Views, "orders-db", "orders.order_views"),
        new("inventory-outbox", "inventory-db", "messaging.outbox"),
        new("inventory-inbox", "inventory-db", "messaging.inbox"),
        new("inventory-stock", "inventory-db", "inventory.stock"),
        new("payments-outbox", "payments-db", "messaging.outbox"),
        new("payments-payments", "payments-db", "payments.payments"),
    ];

    /// <summary>The table of a target.</summary>
    public static HotTable Of(string target) => All.Single(table => table.Target == target);
}
