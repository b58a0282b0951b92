using Lab.Running;

namespace Lab.Comparing.Results;

/// <summary>What was measured of one transport.</summary>
internal sealed record TransportResult
{
    /// <summary><c>jetstream</c> or <c>kafka</c>.</summary>
    public required string Transport { get; init; }

    public required BrokerDescription Broker { get; init; }

    /// <summary>Whether its figures may stand beside another's: not those of an embedded broker.</summary>
    public bool IsComparable => !Broker.IsEmbedded;

    /// <summary>What the figures hang on: fsync, replicas, acks, batch, linger, of broker, client and database; name to value.</summary>
    public required IReadOnlyDictionary<string, string> Settings { get; init; }

    /// <summary>The transport lane; empty when it was not run.</summary>
    public IReadOnlyList<LaneRow> Lane { get; init; } = [];

    /// <summary>The flow lane; null when it was not run.</summary>
    public FlowResult? Flow { get; init; }

    /// <summary>The recovery lane; null when it was not run.</summary>
    public RecoveryResult? Recovery { get; init; }

    /// <summary>What could not be measured, and why, a sentence each.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];
}

/// <summary>One scenario of the transport lane, all its repeats together.</summary>
/// <param name="Scenario"><c>publish</c>, <c>drain</c> (a backlog), <c>fan-out</c> (a backlog to several groups) or <c>steady</c> (open loop).</param>
/// <param name="Through"><c>port</c> or <c>client</c> (the broker's own).</param>
/// <param name="PayloadBytes">The size of a message's body.</param>
/// <param name="Partitions">Of the topic.</param>
/// <param name="Consumers">How many members the group has; 0 where nobody consumes.</param>
/// <param name="Groups">How many groups get every message.</param>
internal sealed record LaneRow(string Scenario, string Through, int PayloadBytes, int Partitions, int Consumers, int Groups)
{
    /// <summary>Messages in each repeat; all of them arrived.</summary>
    public required int Messages { get; init; }

    /// <summary>Messages per second; of an open loop, what was offered and got through.</summary>
    public required Spread PerSecond { get; init; }

    /// <summary>From when a message was meant to be sent until it was: the generator's own delay. Only of an open loop.</summary>
    public Latency? PublishDelay { get; init; }

    /// <summary>From when it was sent until the broker had acknowledged it. Only of an open loop.</summary>
    public Latency? Publish { get; init; }

    /// <summary>From when a message was meant to be sent until its handler had it. Only of an open loop.</summary>
    public Latency? EndToEnd { get; init; }

    /// <summary>Processor time of the client's process per message, in microseconds, median of the repeats.</summary>
    public double? ClientMicroseconds { get; init; }

    /// <summary>Processor time of the broker per message, in microseconds, median; null when it cannot be read, or is in the client's process.</summary>
    public double? BrokerMicroseconds { get; init; }

    /// <summary>Why no figure of it counts, such as a generator that was late; null when they do.</summary>
    public string? Refused { get; init; }
}
