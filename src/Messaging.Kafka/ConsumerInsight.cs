using System.Collections.Concurrent;
using System.Text.Json;
using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// What a consumer knows without asking: where its partitions began and end, from the fetch responses, and whether brokers
/// still answer, from librdkafka's statistics. A question to a broker that hangs blocks for as long as the broker hangs; this
/// never blocks. Written by the consumer's thread only, read by any.
/// </summary>
internal sealed class ConsumerInsight(string topic, TimeSpan tolerated)
{
    private readonly ConcurrentDictionary<int, long> _firsts = new();
    private readonly ConcurrentDictionary<int, long> _ends = new();
    private long _answers;
    private long _answeredAt;
    private volatile bool _isAnswered = true;
    private volatile int _partitionsAtStart;
    private volatile int _partitionsNow;

    /// <summary>False once no broker has answered anything for the tolerated time.</summary>
    public bool IsAnswered => _isAnswered;

    /// <summary>The topic has another number of partitions than when the subscription began: keys have moved.</summary>
    public bool HasGrown => _partitionsNow > _partitionsAtStart && _partitionsAtStart > 0;

    /// <summary>What <see cref="HasGrown"/> means, in one sentence.</summary>
    public string Growth =>
        $"Topic {topic} has {_partitionsNow} partitions now and had {_partitionsAtStart} when this process began to consume it: keys of other publishers have moved, and their order is lost.";

    /// <summary>The number of partitions to compare with.</summary>
    public void Begin(int partitions) => (_partitionsAtStart, _partitionsNow) = (partitions, partitions);

    /// <summary>A new consumer counts from zero. What was known of the brokers holds until it has been answered, or not.</summary>
    public void Restart() => (_answers, _answeredAt) = (0, 0);

    /// <summary>The partition is new to this consumer: what an earlier ownership knew is out of date.</summary>
    public void Forget(int partition)
    {
        _firsts.TryRemove(partition, out _);
        _ends.TryRemove(partition, out _);
    }

    /// <summary>Remembers where the consumer began; call it for every message and wherever a partition ends.</summary>
    public void Received(int partition, long position) => _firsts.TryAdd(partition, position);

    /// <summary>Takes over the end of each partition as the last fetch response gave it. Sends nothing.</summary>
    public void ReadEnds(IConsumer<byte[]?, byte[]?> consumer, IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            if (consumer.GetWatermarkOffsets(partition).High is { IsSpecial: false } end)
                _ends[partition.Partition.Value] = end.Value;
        }
    }

    /// <summary>
    /// Takes over librdkafka's statistics. Time is theirs as well: a thread that was busy elsewhere reads them late, which must
    /// not look like brokers that were silent.
    /// </summary>
    public void ReadStatistics(string json)
    {
        using var statistics = JsonDocument.Parse(json);
        var microseconds = statistics.RootElement.GetProperty("ts").GetInt64();
        var answers = statistics.RootElement.GetProperty("rx").GetInt64();
        if (statistics.RootElement.GetProperty("topics").TryGetProperty(topic, out var known))
            _partitionsNow = known.GetProperty("partitions").EnumerateObject().Count(partition => partition.Name != "-1");
        if (_answeredAt == 0)
            _answeredAt = microseconds;
        if (answers > _answers)
        {
            (_answers, _answeredAt) = (answers, microseconds);
            _isAnswered = true;
        }
        else if (microseconds - _answeredAt > tolerated.TotalMicroseconds)
        {
            _isAnswered = false;
        }
    }

    /// <summary>Messages behind the last settled one (-1: none yet); null before the broker has told where the consumer begins.</summary>
    public long? Lag(int partition, long settled)
    {
        if (!_firsts.TryGetValue(partition, out var first) || !_ends.TryGetValue(partition, out var end))
            return null;
        return Math.Max(0, end - Math.Max(first, settled + 1));
    }
}
