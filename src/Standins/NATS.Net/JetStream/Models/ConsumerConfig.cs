using System.Text.Json.Serialization;

namespace Standins.NATS.Client.JetStream.Models;

/// <summary>How a consumer delivers. Zero and null mean the server's default.</summary>
public record ConsumerConfig
{
    /// <summary>An ephemeral consumer with a name from the server.</summary>
    public ConsumerConfig()
    {
    }

    /// <summary>A durable consumer.</summary>
    public ConsumerConfig(string name)
    {
        Name = name;
        DurableName = name;
    }

    /// <summary>The name: no dots, no wildcards.</summary>
    public string? Name { get; set; }

    /// <summary>The name of a consumer that outlives its clients; equal to <see cref="Name"/> if both are set.</summary>
    public string? DurableName { get; set; }

    /// <summary>For humans.</summary>
    public string? Description { get; set; }

    /// <summary>Where to start. Default: at the first message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ConsumerConfigDeliverPolicy DeliverPolicy { get; set; } = ConsumerConfigDeliverPolicy.All;

    /// <summary>The first sequence, with <see cref="ConsumerConfigDeliverPolicy.ByStartSequence"/>.</summary>
    public ulong OptStartSeq { get; set; }

    /// <summary>The earliest time, with <see cref="ConsumerConfigDeliverPolicy.ByStartTime"/>.</summary>
    public DateTimeOffset OptStartTime { get; set; }

    /// <summary>What an acknowledgement settles. Default: its message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ConsumerConfigAckPolicy AckPolicy { get; set; } = ConsumerConfigAckPolicy.Explicit;

    /// <summary>After how long without an acknowledgement a message is delivered again. Default 30 s.</summary>
    public TimeSpan AckWait { get; set; }

    /// <summary>The most deliveries of a message; -1 for no limit, the default.</summary>
    public long MaxDeliver { get; set; }

    /// <summary>Only messages on this subject, wildcards allowed.</summary>
    public string? FilterSubject { get; set; }

    /// <summary>The most messages delivered and not acknowledged. Default 1,000.</summary>
    public long MaxAckPending { get; set; }

    /// <summary>Deliver headers without payloads.</summary>
    public bool HeadersOnly { get; set; }

    /// <summary>After how long without pull requests the consumer is deleted. Default: never for durables, five seconds otherwise.</summary>
    public TimeSpan InactiveThreshold { get; set; }

    /// <summary>How many servers keep the consumer's state. Default: as many as keep the stream.</summary>
    public long NumReplicas { get; set; }

    /// <summary>Keep the consumer's state in memory.</summary>
    public bool MemStorage { get; set; }
}

/// <summary>Where a consumer starts.</summary>
public enum ConsumerConfigDeliverPolicy
{
    /// <summary>At the first message.</summary>
    All,

    /// <summary>At the last message.</summary>
    Last,

    /// <summary>At the next message.</summary>
    New,

    /// <summary>At <see cref="ConsumerConfig.OptStartSeq"/>.</summary>
    ByStartSequence,

    /// <summary>At <see cref="ConsumerConfig.OptStartTime"/>.</summary>
    ByStartTime,

    /// <summary>At the last message of each subject.</summary>
    LastPerSubject,
}

/// <summary>What an acknowledgement settles.</summary>
public enum ConsumerConfigAckPolicy
{
    /// <summary>Its message.</summary>
    Explicit,

    /// <summary>Its message and everything delivered before it.</summary>
    All,

    /// <summary>Nothing: delivered is settled.</summary>
    None,
}
