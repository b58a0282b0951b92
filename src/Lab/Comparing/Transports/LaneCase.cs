namespace Lab.Comparing.Transports;

/// <summary>One thing that is measured on a transport.</summary>
/// <param name="Scenario">One of <see cref="LaneScenarios"/>.</param>
/// <param name="Through"><see cref="Port"/> or <see cref="Client"/>.</param>
/// <param name="Bytes">The size of a message's body, at least <see cref="LaneMessages.LeastBytes"/>.</param>
/// <param name="Partitions">Of the topic.</param>
/// <param name="Consumers">Members of each group; 0 where nobody consumes.</param>
/// <param name="Groups">How many groups get every message; 0 where nobody consumes.</param>
internal sealed record LaneCase(string Scenario, string Through, int Bytes, int Partitions, int Consumers, int Groups)
{
    /// <summary>Through the port.</summary>
    public const string Port = "port";

    /// <summary>Through the broker's own client, with the same settings.</summary>
    public const string Client = "client";

    /// <summary>How many messages one repeat takes, on a broker that is fast enough for them; of an open loop, those on record.</summary>
    public required int Messages { get; init; }

    /// <summary>Messages per second that are offered; 0 for as fast as it goes.</summary>
    public double PerSecond { get; init; }

    /// <summary>How many messages of an open loop are sent first and do not go on record.</summary>
    public int WarmUp { get; init; }

    /// <summary>About how long one repeat takes, with all that belongs to it.</summary>
    public double EstimatedSeconds { get; init; }

    /// <summary>In words, for messages to people.</summary>
    public override string ToString() => $"{Scenario} through the {Through}, {Bytes} bytes, {Partitions} partitions, {Consumers} consumers, {Groups} groups";
}

/// <summary>What is done.</summary>
internal static class LaneScenarios
{
    /// <summary>Messages are published as fast as they are acknowledged; nobody consumes.</summary>
    public const string Publish = "publish";

    /// <summary>A backlog is consumed by one group.</summary>
    public const string Drain = "drain";

    /// <summary>A backlog is consumed by several groups, each of which gets every message.</summary>
    public const string FanOut = "fan-out";

    /// <summary>Messages are published at a fixed rate, each on its own, and consumed meanwhile: an open loop.</summary>
    public const string Steady = "steady";
}
