namespace Messaging.JetStream;

/// <summary>
/// What one read wants, has had, and has yet to get. A stream numbers the messages of all its partitions in one row, so one
/// number says how far a read has come. Not thread-safe.
/// </summary>
internal sealed class ReadCursor(ReadRequest request)
{
    private ulong _wanted;
    private ulong _present;
    private ulong _lastDelivery;

    /// <summary>The last message that arrived; 0 before the first.</summary>
    public ulong Last { get; private set; }

    /// <summary>What was there at the call has been read.</summary>
    public bool IsDone { get; private set; }

    /// <summary>How many deliveries of the present consumer arrived.</summary>
    public ulong Deliveries => _lastDelivery;

    /// <summary>Takes note of the stream as it is at the call.</summary>
    public void Begin(StreamState stream, int partitions)
    {
        _present = stream.LastSeq;
        if (request.From is ReadFrom.AtPositions from)
            _wanted = Enumerable.Range(0, partitions).Min(partition => FirstOf(from, partition));
        IsDone = request.Until == ReadUntil.Present && (stream.Messages == 0 || _wanted > _present);
    }

    /// <summary>Where the next consumer begins: behind what has arrived.</summary>
    public void Describe(ConsumerConfig consumer)
    {
        _lastDelivery = 0;
        if (Last == 0 && request.From is ReadFrom.AtTime from)
        {
            consumer.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartTime;
            consumer.OptStartTime = from.Value.ToUniversalTime();
        }
        else
        {
            consumer.DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence;
            consumer.OptStartSeq = Math.Max(Last + 1, _wanted);
        }
    }

    /// <summary>The server was asked when nothing more came: done when it has nothing more, and nothing was lost on the way.</summary>
    public void Finish(ConsumerInfo consumer) => IsDone |= consumer.NumPending == 0 && consumer.Delivered.ConsumerSeq == _lastDelivery;

    /// <summary>Takes note of a message that arrived.</summary>
    /// <returns>Null when deliveries before it are missing; else whether it is wanted.</returns>
    public bool? Take(NatsJSMsgMetadata metadata, int? partition)
    {
        if (metadata.Sequence.Consumer != _lastDelivery + 1)
            return null;
        (_lastDelivery, Last) = (metadata.Sequence.Consumer, metadata.Sequence.Stream);
        if (request.Until == ReadUntil.Present)
        {
            IsDone = Last >= _present || metadata.NumPending == 0;
            if (Last > _present)
                return false;
        }

        return partition is { } number && request.From switch
        {
            ReadFrom.AtPositions from => Last >= FirstOf(from, number),
            ReadFrom.AtTime from => metadata.Timestamp >= from.Value,
            _ => true,
        };
    }

    /// <summary>A position behind the end means the next message to come.</summary>
    private ulong FirstOf(ReadFrom.AtPositions from, int partition) => Math.Clamp((ulong)from.FirstOf(partition), 1, _present + 1);
}
