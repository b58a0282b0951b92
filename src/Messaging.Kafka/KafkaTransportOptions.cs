namespace Messaging.Kafka;

/// <summary>
/// Settings of the Kafka transport, configuration section <c>Messaging:Kafka</c>. The defaults are the durable ones:
/// acks=all, idempotence and no unclean election are not up for choice.
/// </summary>
public sealed record KafkaTransportOptions
{
    /// <summary>The configuration section: <c>Messaging:Kafka</c>.</summary>
    public const string Section = "Messaging:Kafka";

    /// <summary>
    /// Replicas of a topic that this transport makes. Default -1: the broker's <c>default.replication.factor</c>, and 1 where
    /// the broker is too old to be asked for its default. From 3 on, <c>min.insync.replicas</c> is set to 2.
    /// </summary>
    public short ReplicationFactor { get; init; } = -1;

    /// <summary>Further settings of topics that this transport makes, by Kafka's names, such as <c>retention.ms</c>. Default: none.</summary>
    public IReadOnlyDictionary<string, string> TopicSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>
    /// Further client settings by librdkafka's names, such as <c>security.protocol</c> or <c>sasl.username</c>. They win over what the transport sets, except for what its promises rest on. Default: none.
    /// </summary>
    public IReadOnlyDictionary<string, string> ClientSettings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>How long a message may wait for its acknowledgement, queues and retries included. Default 30 s.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long the producer waits for company before it sends. Default 0.5 ms: batches form behind the request in flight.</summary>
    public TimeSpan Linger { get; init; } = TimeSpan.FromMilliseconds(0.5);

    /// <summary>The largest message, attributes included, in bytes; not above the topic's <c>max.message.bytes</c>. Default 1,000,000.</summary>
    public int LargestMessageBytes { get; init; } = 1_000_000;

    /// <summary>How often settled positions are committed while running; what a crash makes come again. Default 1 s.</summary>
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>After how long without a heartbeat the group gives an instance's partitions to others. Default 6 s, the least that Apache Kafka allows.</summary>
    public TimeSpan SessionTimeout { get; init; } = TimeSpan.FromSeconds(6);

    /// <summary>
    /// A name of this instance that outlives its restart: it then gets its partitions back without moving any of the others', if
    /// it returns within <see cref="SessionTimeout"/>. Unique among the instances of a service. Default null: a member like any other.
    /// </summary>
    public string? GroupInstanceId { get; init; }

    /// <summary>How long handlers may take to finish once the subscription stops or a partition is taken away. Default 20 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long to wait for a broker's answer, about topics, positions or a commit. At least 2 s for consumers. Default 10 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);
}
