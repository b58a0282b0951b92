using System.Collections.Concurrent;

namespace Messaging.JetStream;

/// <summary>
/// The messages of one ownership that are not settled yet, in order, for their acknowledgement: that of the last one of a
/// batch settles all before it. One thread adds, another settles.
/// </summary>
internal sealed class HeldMessages
{
    private readonly ConcurrentQueue<(ulong Position, INatsJSMsg<byte[]> Message)> _held = new();
    private ulong _lastPosition;
    private ulong _lastDelivery;
    private ulong _settled;
    private INatsJSMsg<byte[]>? _lastSettled;

    /// <summary>The position of the last settled message; 0 before the first.</summary>
    public ulong Settled => Interlocked.Read(ref _settled);

    /// <summary>At least one message came.</summary>
    public bool AnyArrived => _lastDelivery > 0;

    /// <summary>Keeps a message that arrived.</summary>
    /// <param name="message">The message.</param>
    /// <param name="metadata">What the server says of its delivery.</param>
    /// <param name="isRepeated">It was there already: the server repeats after AckWait what we still hold.</param>
    /// <returns>False when deliveries before it never arrived. The server counts them without gaps.</returns>
    public bool Add(INatsJSMsg<byte[]> message, NatsJSMsgMetadata metadata, out bool isRepeated)
    {
        isRepeated = metadata.Sequence.Stream <= _lastPosition;
        if (metadata.Sequence.Consumer != _lastDelivery + 1)
            return false;
        _lastDelivery = metadata.Sequence.Consumer;
        if (isRepeated)
            return true;
        _lastPosition = metadata.Sequence.Stream;
        _held.Enqueue((_lastPosition, message));
        return true;
    }

    /// <summary>Acknowledges up to and including a delivery. Waits for the server only if it <paramref name="isConfirmed"/>.</summary>
    public async ValueTask SettleAsync(Delivery last, bool isConfirmed, CancellationToken cancellationToken)
    {
        while (_held.TryDequeue(out var held))
        {
            if (held.Position < (ulong)last.Position)
                continue;
            Interlocked.Exchange(ref _settled, held.Position);
            _lastSettled = held.Message;
            await held.Message.AckAsync(new AckOpts { DoubleAck = isConfirmed }, cancellationToken);
            return;
        }
    }

    /// <summary>Acknowledges the last settled message once more, and waits until the server has it.</summary>
    public async Task ConfirmAsync(CancellationToken cancellationToken)
    {
        if (_lastSettled is { } message)
            await message.AckAsync(new AckOpts { DoubleAck = true }, cancellationToken);
    }
}
