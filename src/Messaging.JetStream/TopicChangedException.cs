namespace Messaging.JetStream;

/// <summary>
/// A topic has another number of partitions than when this process began to use it. Its keys would go to other partitions than
/// before, so nothing is published to it, and its lag is not told, until the process starts anew.
/// </summary>
public sealed class TopicChangedException : TransportException
{
    /// <summary>Makes one.</summary>
    public TopicChangedException(string topic, int before, int now)
        : base($"Topic {topic} has {now} partitions on NATS and had {before} when this process began to use it: the key decides the partition, so the process must start anew.") =>
        Topic = topic;

    /// <summary>The topic's name.</summary>
    public string Topic { get; }
}
