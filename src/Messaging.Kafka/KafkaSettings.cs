using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// What the clients are told: first the transport's defaults, then the user's own settings, last what the promises rest on.
/// </summary>
internal static class KafkaSettings
{
    // librdkafka keeps up to this much fetched and unread per subscription; its own default of 64 MiB adds up over a service.
    private const int FetchedKilobytes = 16 * 1024;

    // And this much unsent; a publisher that is faster than the broker waits.
    private const int UnsentKilobytes = 64 * 1024;

    // A broker answers a waiting fetch as soon as there is something; the embedded one only when the wait is over.
    private const int EmbeddedFetchWaitMilliseconds = 10;

    private const int StatisticsMilliseconds = 1_000;

    // A consumer always has an answer to expect, whether or not it owns a partition and has joined its group yet.
    private const int MetadataMilliseconds = 2_000;

    public static AdminClientConfig ForAdmin(string servers, KafkaTransportOptions options) => Apply(new AdminClientConfig(), servers, options);

    public static ProducerConfig ForProducer(string servers, KafkaTransportOptions options)
    {
        var config = Apply(
            new ProducerConfig { LingerMs = options.Linger.TotalMilliseconds, QueueBufferingMaxKbytes = UnsentKilobytes }, servers, options);
        config.EnableIdempotence = true; // Off by default in librdkafka, unlike in the Java client.
        config.EnableGaplessGuarantee = true; // Else a record that times out is overtaken by the ones behind it.
        config.Acks = Acks.All;
        config.MessageTimeoutMs = (int)options.PublishTimeout.TotalMilliseconds;
        config.MessageMaxBytes = options.LargestMessageBytes;
        return config;
    }

    public static ConsumerConfig ForConsumer(string servers, KafkaTransportOptions options, Subscription subscription, bool embedded)
    {
        var defaults = new ConsumerConfig
        {
            SocketTimeoutMs = SocketMilliseconds(options),
            SessionTimeoutMs = (int)options.SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)(options.SessionTimeout / 4).TotalMilliseconds,
            QueuedMaxMessagesKbytes = FetchedKilobytes,
            TopicMetadataRefreshIntervalMs = MetadataMilliseconds,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            FetchWaitMaxMs = embedded ? EmbeddedFetchWaitMilliseconds : null,
        };
        var config = Apply(defaults, servers, options);
        config.GroupId = subscription.Group;
        if (options.GroupInstanceId is { } instance)
            config.GroupInstanceId = $"{instance}.{subscription.Topic}"; // One member for each subscription.
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        config.EnableAutoOffsetStore = false; // Stored by us, once the handler has returned: librdkafka would store at delivery.
        config.EnableAutoCommit = true;
        config.EnablePartitionEof = true; // A partition that has nothing to read tells no other way where it stands.
        config.StatisticsIntervalMs = StatisticsMilliseconds; // They tell whether the brokers still answer.
        config.AutoCommitIntervalMs = (int)options.CommitInterval.TotalMilliseconds;
        return config;
    }

    /// <summary>For reading outside any group; librdkafka wants a name of one all the same.</summary>
    public static ConsumerConfig ForReader(string servers, KafkaTransportOptions options, bool embedded)
    {
        var config = Apply(
            new ConsumerConfig
            {
                SocketTimeoutMs = SocketMilliseconds(options),
                QueuedMaxMessagesKbytes = FetchedKilobytes,
                FetchWaitMaxMs = embedded ? EmbeddedFetchWaitMilliseconds : null,
            },
            servers,
            options);
        config.GroupId = "none";
        config.AutoOffsetReset = AutoOffsetReset.Earliest;
        config.EnableAutoOffsetStore = false;
        config.EnableAutoCommit = false;
        config.EnablePartitionEof = true;
        return config;
    }

    /// <summary>librdkafka waits a minute for an answer, and so would whoever stops; below two seconds it could not wait for a fetch.</summary>
    private static int SocketMilliseconds(KafkaTransportOptions options) => (int)Math.Max(2_000, options.RequestTimeout.TotalMilliseconds);

    private static T Apply<T>(T config, string servers, KafkaTransportOptions options)
        where T : ClientConfig
    {
        config.BootstrapServers = servers;
        config.SocketNagleDisable = true;
        foreach (var (name, value) in options.ClientSettings)
            config.Set(name, value);
        return config;
    }
}
