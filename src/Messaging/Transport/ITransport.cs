namespace Messaging;

/// <summary>
/// The port to a broker. One model on every broker: a topic is a number of ordered partitions, a message goes to the partition
/// of its key, in a group each partition has one owner at a time, and the owner settles a position. What not every broker has
/// is a facet that the transport implements or not: <see cref="IRequestReply"/>, <see cref="IKeyValue"/>.
/// Implementations are thread-safe; one instance serves a process.
/// </summary>
public interface ITransport : IAsyncDisposable
{
    /// <summary>The transport's name in configuration: <c>jetstream</c>, <c>kafka</c>, <c>in-memory</c>.</summary>
    string Name { get; }

    /// <summary>What this transport truly offers. Constant after the first successful call to the broker.</summary>
    TransportCapabilities Capabilities { get; }

    /// <summary>Makes the topics that are missing and checks those that exist. Idempotent; safe from several processes at once.</summary>
    /// <exception cref="TransportException">The broker cannot be reached, refuses, or holds a topic with other settings.</exception>
    Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken);

    /// <summary>
    /// Publishes a batch, of any size, pipelined, and completes when the broker has answered for every message. Messages of one
    /// key keep the order of the list. When one fails, no later message of its key in the batch overtakes it: those fail too, with
    /// <see cref="PrecedingMessageFailedException"/> or as the broker failed them; other keys go on. Publishing a message again
    /// under the same id is harmless within the deduplication window. While the broker is away it waits, no longer than the
    /// transport's publish timeout; after a failure the next call finds its own way back.
    /// </summary>
    /// <returns>Which messages failed and why; empty when the broker has acknowledged them all.</returns>
    /// <exception cref="TransportException">The broker cannot be reached; how many of the batch arrived is unknown.</exception>
    Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken);

    /// <summary>
    /// Consumes a topic as a member of a group until <paramref name="stopping"/> is cancelled. Per partition one batch at a time
    /// is in <paramref name="handler"/>'s hands; partitions run side by side. A batch holds what was there, never waits to fill.
    /// When the handler returns, the batch is settled; when it throws, nothing of it is settled and the same messages, in the
    /// same order, are handed over again after a growing pause, ahead of all later messages of the partition.
    /// With <see cref="DeliveryMode.AtMostOnce"/> a batch is settled before the handler gets it, and never comes again.
    /// Stopping means: pull nothing more, let the handlers in hand finish, settle, then return.
    /// </summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    /// <exception cref="TransportException">The subscription cannot be set up. Once running, a lost broker is waited for.</exception>
    Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping);

    /// <summary>
    /// Reads a topic outside any group: settles nothing and disturbs nobody. Order holds per partition; partitions interleave.
    /// </summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    /// <exception cref="TransportException">The broker cannot be reached or refuses. Once reading, a lost broker is waited for.</exception>
    /// <exception cref="CapabilityMissingException">The transport cannot read from there.</exception>
    IAsyncEnumerable<Delivery> ReadAsync(ReadRequest request, CancellationToken cancellationToken) =>
        throw new CapabilityMissingException(Name, nameof(TransportCapabilities.ReplayByPosition), "reading a topic again");

    /// <summary>
    /// How far this process's subscriptions are behind, per partition that it owns now; asks the broker where needed. A partition
    /// that no process tells of is nobody's at the moment, or its owner has just begun: nothing is known of it then.
    /// </summary>
    ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken);
}

/// <summary>
/// Handles one batch of one partition. The token is cancelled when the partition was lost or the process may wait no longer:
/// the handler then gives up and throws.
/// </summary>
public delegate Task PartitionHandler(PartitionBatch batch, CancellationToken cancellationToken);
