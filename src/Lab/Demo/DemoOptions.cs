using Lab.Running;

namespace Lab.Demo;

/// <summary>What <c>demo</c> was asked to do.</summary>
/// <param name="Transport"><c>jetstream</c> or <c>kafka</c>.</param>
/// <param name="Coordination">One of <see cref="Coordinations"/>.</param>
/// <param name="Orders">How many orders to place.</param>
/// <param name="Seed">Decides their sequence and content.</param>
/// <param name="InventoryReplicas">How many instances of Inventory run.</param>
/// <param name="Disturb">Whether to kill one instance of Inventory and to pause another in the middle.</param>
/// <param name="Json">Where to write the report as JSON, if anywhere.</param>
/// <param name="Log">Where to write what the services log, if anywhere.</param>
internal sealed record DemoOptions(
    string Transport, string Coordination, int Orders, int Seed, int InventoryReplicas, bool Disturb, FileInfo? Json, FileInfo? Log)
{
    /// <summary>What is to run.</summary>
    public SystemOptions System => new(Transport) { Coordination = Coordination, InventoryReplicas = InventoryReplicas, Log = Log };
}
