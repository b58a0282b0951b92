using Messaging;

namespace Lab.Benching.Transports;

/// <summary>One way to use a broker: through the port, or through the broker's own client with the same settings and the same message.</summary>
internal interface ITransportLane : IAsyncDisposable
{
    /// <summary>Publishes in order, pipelined; returns when the broker has acknowledged every message.</summary>
    Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken);

    /// <summary>
    /// Consumes a topic from its beginning under a group of its own, settling in batches, until the token is cancelled.
    /// </summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="handle">
    /// Gets each batch's bodies and the partition they are from, -1 when they are from several; called side by side for several partitions.
    /// </param>
    /// <param name="stopping">Ends it.</param>
    Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping);

    /// <summary>The same as one of several members of the group, all of which are consumed by this lane; most lanes find out by themselves who gets what.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="group">The group.</param>
    /// <param name="member">Which member, from 0.</param>
    /// <param name="members">How many there are.</param>
    /// <param name="handle">Gets the batches; while its task is not complete, the partition gets no other.</param>
    /// <param name="stopping">Ends it.</param>
    Task ConsumeAsync(
        string topic, string group, int member, int members, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        ConsumeAsync(topic, group, handle, stopping);
}

/// <summary>What both lanes of a broker do alike.</summary>
internal static class Lanes
{
    /// <summary>As many published messages are unacknowledged at a time, and as many are read ahead.</summary>
    public const int Window = 500;

    /// <summary>The most messages settled at once.</summary>
    public const int Batch = 100;

    /// <summary>The most messages of a partition that are with the client and not settled.</summary>
    public const int ReadAhead = Window + Batch;

    /// <summary>The most messages settled at once where so many may be read ahead: the next ones come while a batch is in hand.</summary>
    public static int BatchOf(int readAhead) => Math.Max(1, Math.Min(Batch, readAhead / 2));
}
