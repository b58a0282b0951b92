using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// The messages in the publisher's hands, in the order of the log, and the places that may be confirmed when all before them are
/// acknowledged. What failed stays at the head, so nothing of its key overtakes it. Not thread-safe.
/// </summary>
internal sealed class WalBatch
{
    private readonly List<(long Number, WalMessage Message)> _messages = [];
    private readonly Queue<(long Number, NpgsqlLogSequenceNumber End)> _ends = new();
    private long _taken;

    /// <summary>How many messages are to be published next.</summary>
    public int Count => _messages.Count;

    /// <summary>The size of them all.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the place behind the last message has not been added yet: its transaction goes on, or its end is about to come.</summary>
    public bool AwaitsEnd { get; private set; }

    /// <summary>A message by its index.</summary>
    public WalMessage this[int index] => _messages[index].Message;

    /// <summary>False when some of it is no message of ours.</summary>
    public bool AllReadable => _messages.TrueForAll(each => each.Message.Outgoing is not null);

    /// <summary>All of it as the transport takes it, in order; it must be readable.</summary>
    public OutgoingMessage[] Outgoing() => [.. _messages.Select(each => each.Message.Outgoing!)];

    /// <summary>Takes the next step through the log.</summary>
    public void Add(WalEntry entry)
    {
        AwaitsEnd = entry.Message is not null;
        if (entry.Message is { } message)
        {
            _messages.Add((++_taken, message));
            Bytes += message.Size;
        }
        else
        {
            _ends.Enqueue((_taken, entry.End));
        }
    }

    /// <summary>Removes what is acknowledged: all but the messages with these indexes, in rising order.</summary>
    public void Keep(IReadOnlyList<int> failed)
    {
        for (var i = 0; i < failed.Count; i++)
            _messages[i] = _messages[failed[i]];
        _messages.RemoveRange(failed.Count, _messages.Count - failed.Count);
        Bytes = _messages.Sum(each => (long)each.Message.Size);
    }

    /// <summary>The furthest place before which everything is acknowledged, if there is one that was not taken yet.</summary>
    public NpgsqlLogSequenceNumber? TakeConfirmable()
    {
        NpgsqlLogSequenceNumber? furthest = null;
        while (_ends.TryPeek(out var next) && (_messages.Count == 0 || next.Number < _messages[0].Number))
        {
            _ends.Dequeue();
            furthest = furthest is { } known && known > next.End ? known : next.End;
        }

        return furthest;
    }
}
