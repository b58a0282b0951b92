namespace Lab.Running;

/// <summary>When a broker writes to the disk what it acknowledges. PostgreSQL does so before each commit that something hangs on, always.</summary>
/// <param name="Name">What <c>--durability</c> calls it.</param>
/// <param name="IsSynced">Whether before the acknowledgement.</param>
internal sealed record Durability(string Name, bool IsSynced)
{
    // As Kafka calls it: the topic is written to the disk after every so many messages.
    private const string FlushMessages = "flush.messages";

    // The first nats-server that takes "always" for its sync_interval.
    private static readonly Version FirstNatsServer = new(2, 10);

    /// <summary>As the broker does it by itself: acknowledged from memory, written by the operating system, JetStream within two minutes.</summary>
    public static Durability Default { get; } = new("default", IsSynced: false);

    /// <summary>Before the acknowledgement.</summary>
    public static Durability Synced { get; } = new("synced", IsSynced: true);

    /// <summary>Those there are.</summary>
    public static IReadOnlyList<Durability> All { get; } = [Default, Synced];

    /// <summary>What the app host is told.</summary>
    public IReadOnlyList<string> Arguments => IsSynced ? ["--NatsSyncInterval=always"] : [];

    /// <summary>The settings of Kafka's topics.</summary>
    public IReadOnlyDictionary<string, string> KafkaTopicSettings => IsSynced
        ? new Dictionary<string, string>(StringComparer.Ordinal) { [FlushMessages] = "1" }
        : new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>What the services are told, by environment variables.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings =>
        KafkaTopicSettings.Select(setting => KeyValuePair.Create($"Messaging__Kafka__TopicSettings__{setting.Key}", setting.Value));

    /// <summary>Why a broker cannot do so; null when it can.</summary>
    /// <param name="broker">The broker.</param>
    /// <param name="isOurs">Whether it is started here, with the settings that it is given here.</param>
    public string? Hindrance(BrokerDescription broker, bool isOurs = true) =>
        !IsSynced ? null
        : !isOurs ? $"{broker} runs elsewhere: when it writes to the disk is not set from here"
        : broker.IsEmbedded ? $"{broker} has no disk to write to"
        : broker.Name == NatsBroker.Name && !(Version.TryParse(broker.Version?.Split('-')[0], out var version) && version >= FirstNatsServer)
            ? $"{broker} cannot be told to write before it acknowledges: that takes nats-server {FirstNatsServer} or newer"
        : null;
}
