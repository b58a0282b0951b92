namespace Messaging;

/// <summary>What a transport truly offers, for those who build on more than order and redelivery.</summary>
public sealed record TransportCapabilities
{
    /// <summary>How far the order of messages reaches.</summary>
    public required OrderScope Order { get; init; }

    /// <summary>Within this time the broker drops a message published again under the same id; zero: it never does.</summary>
    public required TimeSpan DeduplicationWindow { get; init; }

    /// <summary>The broker can hold a message back until a time.</summary>
    public required bool DelayedDelivery { get; init; }

    /// <summary>A topic can be read again from a position.</summary>
    public required bool ReplayByPosition { get; init; }

    /// <summary>A topic can be read again from a time.</summary>
    public required bool ReplayByTime { get; init; }

    /// <summary>The broker itself filters by message type; otherwise the consumer reads and drops what it does not want.</summary>
    public required bool FiltersByType { get; init; }

    /// <summary>Consuming and publishing can be one transaction of the broker.</summary>
    public required bool Transactions { get; init; }

    /// <summary>Messages outlive a restart of the broker.</summary>
    public required bool Durable { get; init; }

    /// <summary>The broker has written to the disk itself, not only to the page cache, before it acknowledges.</summary>
    public required bool FsyncBeforeAcknowledge { get; init; }

    /// <summary>The transport is an <see cref="IRequestReply"/>.</summary>
    public bool RequestReply { get; init; }

    /// <summary>The broker says at once that nobody answers at an address; otherwise a request runs into its timeout.</summary>
    public bool ImmediateNoResponders { get; init; }

    /// <summary>The transport is an <see cref="IKeyValue"/>.</summary>
    public bool KeyValue { get; init; }

    /// <summary>
    /// Create, update and delete by revision in a bucket. Kafka has no compare-and-set on a record: two writers would both win.
    /// </summary>
    public bool ConditionalWrites { get; init; }

    /// <summary>A bucket keeps more than the last value of a key (<see cref="BucketDefinition.History"/>).</summary>
    public bool KeyValueHistory { get; init; }

    /// <summary>The largest message, attributes included, in bytes.</summary>
    public required int LargestMessageBytes { get; init; }
}

/// <summary>How far the order of messages reaches.</summary>
public enum OrderScope
{
    /// <summary>No order is kept.</summary>
    None,

    /// <summary>Order within a partition, and so within a key.</summary>
    Partition,
}
