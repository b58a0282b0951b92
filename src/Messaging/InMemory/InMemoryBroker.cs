namespace Messaging;

/// <summary>
/// Topics in the memory of one process, for unit tests: the same model as on a real broker, without the broker. Several
/// <see cref="InMemoryTransport"/>s may share one, as several processes share a server. Thread-safe.
/// </summary>
public sealed class InMemoryBroker
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Partition[]> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Topic, string Group, int Partition), int> _settled = [];
    private TaskCompletionSource _appended = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
    /// <exception cref="TransportException">There is no such topic.</exception>
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
            _appended.TrySetResult();
            _appended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>The unsettled messages of a partition, or a task that completes when something was appended anywhere.</summary>
    internal (IReadOnlyList<Delivery> Batch, Task Appended) Next(string topic, string group, int partition, int most)
    {
        lock (_lock)
        {
            var log = Find(topic)[partition].Log;
            var from = _settled.GetValueOrDefault((topic, group, partition));
            return (log.GetRange(from, Math.Min(most, log.Count - from)), _appended.Task);
        }
    }

    internal void Settle(string topic, string group, int partition, long position)
    {
        lock (_lock)
            _settled[(topic, group, partition)] = (int)position + 1;
    }

    internal long Lag(string topic, string group, int partition)
    {
        lock (_lock)
            return Find(topic)[partition].Log.Count - _settled.GetValueOrDefault((topic, group, partition));
    }

    private Partition[] Find(string topic) => _topics.TryGetValue(topic, out var partitions)
        ? partitions
        : throw new TransportException($"There is no topic {topic}.");

    private sealed class Partition
    {
        public List<Delivery> Log { get; } = [];

        public HashSet<string> Ids { get; } = new(StringComparer.Ordinal);
    }
}
