namespace Shared.Contracts;

/// <summary>Who decides what comes next in the order flow: which of the messages are sent, and who reacts to which. All services are given the same.</summary>
public enum Coordination
{
    /// <summary>A saga in Orders hears every answer and tells Inventory and Payments what to do.</summary>
    Orchestration,

    /// <summary>The services react to each other's events; nobody tells anybody what to do.</summary>
    Choreography,
}

/// <summary>Reads the configuration value <c>Coordination</c>.</summary>
public static class Coordinations
{
    /// <summary>The coordination of a name; <see cref="Coordination.Orchestration"/> when there is none.</summary>
    /// <exception cref="InvalidOperationException">It is the name of no coordination.</exception>
    public static Coordination Parse(string? name) => name switch
    {
        null or "" or "orchestration" => Coordination.Orchestration,
        "choreography" => Coordination.Choreography,
        _ => throw new InvalidOperationException($"Configuration value 'Coordination' is '{name}'; it is orchestration or choreography."),
    };
}
