namespace Lab.Running;

/// <summary>What is to run.</summary>
/// <param name="Transport"><c>jetstream</c> or <c>kafka</c>.</param>
internal sealed record SystemOptions(string Transport)
{
    /// <summary>How many instances of Orders run.</summary>
    public int OrdersReplicas { get; init; } = 1;

    /// <summary>How many instances of Inventory run.</summary>
    public int InventoryReplicas { get; init; } = 1;

    /// <summary>How many instances of Payments run.</summary>
    public int PaymentsReplicas { get; init; } = 1;

    /// <summary>Who decides what comes next: <see cref="Coordinations"/>.</summary>
    public string Coordination { get; init; } = Coordinations.Orchestration;

    /// <summary>What to break on purpose; null: nothing.</summary>
    public string? Antipattern { get; init; }

    /// <summary>Environment variables that every service gets, such as <c>Fulfilment__StockDeadline</c>.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether each service reaches its database and the broker over links that faults can hurt.</summary>
    public bool Links { get; init; }

    /// <summary>Where to write what everything logs, if anywhere.</summary>
    public FileInfo? Log { get; init; }

    /// <summary>When the broker writes to the disk.</summary>
    public Durability Durability { get; init; } = Durability.Default;

    /// <summary>The arguments of the app host.</summary>
    public IEnumerable<string> Arguments()
    {
        yield return $"--transport={Transport}";
        yield return $"--coordination={Coordination}";
        yield return $"--orders-replicas={OrdersReplicas}";
        yield return $"--inventory-replicas={InventoryReplicas}";
        yield return $"--payments-replicas={PaymentsReplicas}";
        if (Antipattern is not null) yield return $"--antipattern={Antipattern}";
        foreach (var argument in Durability.Arguments) yield return argument;
    }
}

/// <summary>Who decides what comes next in the flow.</summary>
internal static class Coordinations
{
    /// <summary>A saga tells the services what to do.</summary>
    public const string Orchestration = "orchestration";

    /// <summary>The services react to each other's events.</summary>
    public const string Choreography = "choreography";

    public static IReadOnlyList<string> All { get; } = [Orchestration, Choreography];
}
