namespace Messaging;

/// <summary>
/// Topics in the memory of one process, for unit tests: the same model as on a real broker, without the broker. Several
/// <see cref="InMemoryTransport"/>s may share one, as several processes share a server. Thread-safe.
/// </summary>
public sealed class InMemoryBroker
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly Dictionary<string, Partition[]> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Topic, string Group), InMemoryGroup> _groups = [];
    private TaskCompletionSource _changed = NewSignal();

    /// <summary>Makes one without topics.</summary>
    /// <param name="time">The clock that messages are stored by. Default: the system's.</param>
    public InMemoryBroker(TimeProvider? time = null)
    {
        _time = time ?? TimeProvider.System;
        Requests = new InMemoryRequests(_time);
        Buckets = new InMemoryBuckets(_time);
    }

    internal InMemoryRequests Requests { get; }

    internal InMemoryBuckets Buckets { get; }

    /// <summary>Completes at the next change of anything: get it before looking.</summary>
    internal Task Changed
    {
        get
        {
            lock (_lock)
                return _changed.Task;
        }
    }

    internal void Ensure(TopicDefinition topic)
    {
        lock (_lock)
        {
            if (!_topics.TryGetValue(topic.Name, out var partitions))
                _topics.Add(topic.Name, Enumerable.Range(0, topic.Partitions).Select(_ => new Partition()).ToArray());
            else if (partitions.Length != topic.Partitions)
                throw new TransportException($"Topic {topic.Name} has {partitions.Length} partitions, not {topic.Partitions}.");
        }
    }

    internal int PartitionsOf(string topic)
    {
        lock (_lock)
            return Find(topic).Length;
    }

    /// <summary>Appends a message as raw attributes and body, as a foreign client might; the key decides the partition.</summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    public void Append(string topic, string key, string? id, IReadOnlyList<KeyValuePair<string, string>> attributes, ReadOnlyMemory<byte> body)
    {
        lock (_lock)
        {
            var partitions = Find(topic);
            var number = Partitioner.PartitionOf(key, partitions.Length);
            var partition = partitions[number];
            if (id is not null && !partition.Ids.Add(id))
                return;
            partition.Log.Add(new Delivery(topic, number, partition.Log.Count, attributes, body, key));
            partition.Times.Add(_time.GetUtcNow());
        }

        SignalChange();
    }

    /// <summary>Messages of a partition from a position on, at most so many.</summary>
    internal IReadOnlyList<Delivery> Read(string topic, int partition, long from, int most)
    {
        lock (_lock)
        {
            var log = Find(topic)[partition].Log;
            var first = (int)Math.Min(from, log.Count);
            return log.GetRange(first, Math.Min(most, log.Count - first));
        }
    }

    /// <summary>The position behind the last message of each partition.</summary>
    internal long[] EndsOf(string topic)
    {
        lock (_lock)
            return [.. Find(topic).Select(partition => (long)partition.Log.Count)];
    }

    /// <summary>The position of the first message stored at or after a time; the end when there is none.</summary>
    internal long PositionAt(string topic, int partition, DateTimeOffset time)
    {
        lock (_lock)
        {
            var times = Find(topic)[partition].Times;
            var found = times.FindIndex(stored => stored >= time);
            return found >= 0 ? found : times.Count;
        }
    }

    /// <summary>Looks at or changes a group; what was changed wakes whoever waits.</summary>
    internal T InGroup<T>(string topic, string group, Func<InMemoryGroup, T> act)
    {
        T result;
        lock (_lock)
        {
            if (!_groups.TryGetValue((topic, group), out var found))
                _groups.Add((topic, group), found = new InMemoryGroup(Find(topic).Length));
            result = act(found);
        }

        return result;
    }

    internal void SignalChange()
    {
        TaskCompletionSource changed;
        lock (_lock)
            (changed, _changed) = (_changed, NewSignal());
        changed.SetResult();
    }

    private Partition[] Find(string topic) => _topics.TryGetValue(topic, out var partitions)
        ? partitions
        : throw new TopicNotFoundException(topic);

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Partition
    {
        public List<Delivery> Log { get; } = [];

        public List<DateTimeOffset> Times { get; } = [];

        public HashSet<string> Ids { get; } = new(StringComparer.Ordinal);
    }
}

/// <summary>A group on one topic: its members, who owns what, what is settled. Used under the broker's lock.</summary>
internal sealed class InMemoryGroup(int partitions)
{
    private readonly object?[] _owners = new object?[partitions];

    /// <summary>The next position wanted, by partition.</summary>
    public long[] Next { get; } = new long[partitions];

    /// <summary>The first position that nobody has in hand yet, by partition.</summary>
    public long[] Taken { get; } = new long[partitions];

    /// <summary>The members, in the order they came.</summary>
    public List<object> Members { get; } = [];

    public bool IsAssigned(object member, int partition) => Members.Count > 0 && Members[partition % Members.Count] == member;

    /// <summary>True when the partition is the member's now: it is to have it, and nobody else still does.</summary>
    public bool TryOwn(object member, int partition)
    {
        if (!IsAssigned(member, partition) || _owners[partition] is not null)
            return false;
        _owners[partition] = member;
        return true;
    }

    public bool Owns(object member, int partition) => _owners[partition] == member;

    public void Release(object member, int partition)
    {
        if (_owners[partition] == member)
            _owners[partition] = null;
    }
}
