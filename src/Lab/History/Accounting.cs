namespace Lab.History;

/// <summary>Compares what was published with what consumers have taken in.</summary>
internal sealed class Accounting
{
    /// <summary>Who lost a message that nobody takes in at all.</summary>
    public const string Nobody = "nobody";

    private readonly Evidence _evidence;
    private readonly Dictionary<string, Dictionary<string, DateTimeOffset>> _taken;

    /// <summary>Each message of the flow once, by topic, at its first place.</summary>
    private readonly Dictionary<string, HistoryEntry[]> _firsts;

    private readonly int _published;

    private Accounting(Evidence evidence)
    {
        _evidence = evidence;
        _taken = evidence.Inboxes.GroupBy(row => row.Consumer, StringComparer.Ordinal).ToDictionary(
            rows => rows.Key, rows => rows.ToDictionary(row => row.MessageId, row => row.At, StringComparer.Ordinal), StringComparer.Ordinal);

        // What was set aside has an inbox row as well, unless somebody emptied the inbox by hand.
        foreach (var row in evidence.Parked) TakenBy(row.Consumer).TryAdd(row.MessageId, row.At);

        var flow = evidence.Published.Where(message => !FlowTopics.DeadLetters.Contains(message.Where, StringComparer.Ordinal)).ToArray();
        _published = flow.Length;
        _firsts = flow.GroupBy(message => message.Where, StringComparer.Ordinal).ToDictionary(
            topic => topic.Key,
            topic => topic.OrderBy(message => message.Position).DistinctBy(message => message.MessageId, StringComparer.Ordinal).ToArray(),
            StringComparer.Ordinal);
    }

    public static MessageAccount Of(Evidence evidence)
    {
        var accounting = new Accounting(evidence);
        var receivers = accounting.Receivers().ToArray();
        return new MessageAccount(
            accounting._published,
            accounting._published - accounting._firsts.Values.Sum(messages => messages.Length),
            evidence.Inboxes.Count,
            [.. receivers.SelectMany(each => accounting.Lost(each.Consumer, each.Topic)).OrderBy(lost => lost.Message.At)],
            [.. receivers.SelectMany(each => accounting.OutOfOrder(each.Consumer, each.Topic)).OrderBy(pair => pair.Overtaken.At)],
            accounting.NeverPublished())
        {
            Gaps = evidence.Gaps,
        };
    }

    /// <summary>
    /// Who has to take in which topic: the known consumers, those the inboxes tell of besides, and nobody for a topic that neither
    /// names, so that its messages are found.
    /// </summary>
    private IEnumerable<(string Consumer, string Topic)> Receivers()
    {
        foreach (var topic in _firsts.Keys.Order(StringComparer.Ordinal))
        {
            var known = _evidence.Consumers.Where(consumer => consumer.Value.Contains(topic, StringComparer.Ordinal)).Select(consumer => consumer.Key);
            var seen = _taken.Where(consumer => _firsts[topic].Any(message => consumer.Value.ContainsKey(message.MessageId!))).Select(consumer => consumer.Key);
            foreach (var consumer in known.Union(seen, StringComparer.Ordinal).DefaultIfEmpty(Nobody)) yield return (consumer, topic);
        }
    }

    private IEnumerable<LostMessage> Lost(string consumer, string topic)
    {
        var taken = TakenBy(consumer);
        foreach (var partition in _firsts[topic].GroupBy(message => message.Partition))
        {
            var first = long.MaxValue;
            var last = long.MinValue;
            foreach (var message in partition.Where(message => taken.ContainsKey(message.MessageId!)))
                (first, last) = (Math.Min(first, message.Position!.Value), Math.Max(last, message.Position.Value));
            foreach (var message in partition.Where(message => !taken.ContainsKey(message.MessageId!)))
            {
                // Where nothing was taken in, everything lies behind the last one that was.
                var part = message.Position > last ? LostPart.Tail : message.Position < first ? LostPart.Prefix : LostPart.Middle;
                yield return new LostMessage(consumer, message, part);
            }
        }
    }

    /// <summary>
    /// Messages of one key whose transaction began before that of an earlier one. One owner of a partition handles batch after batch, so that a
    /// later message never has an earlier time; those of one batch have the same, and what is parked is taken in when it arrives. With
    /// two owners, one of which does not know yet that it lost the partition, the times of two transactions that overlap may cross
    /// although the inbox lets only one of them take in a message and order is kept: so this is told and not judged.
    /// </summary>
    private IEnumerable<Overtaking> OutOfOrder(string consumer, string topic)
    {
        var taken = TakenBy(consumer);
        foreach (var key in _firsts[topic].Where(message => message.Key is not null).GroupBy(message => (message.Partition, message.Key)))
        {
            HistoryEntry? latest = null;
            DateTimeOffset latestAt = default;
            foreach (var message in key)
            {
                if (!taken.TryGetValue(message.MessageId!, out var at)) continue;
                if (latest is not null && at < latestAt) yield return new Overtaking(consumer, latest, message);
                else (latest, latestAt) = (message, at);
            }
        }
    }

    private Guid[] NeverPublished()
    {
        var told = _firsts.Values.SelectMany(messages => messages).Select(message => message.Key).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. _evidence.Accepted.Select(order => order.OrderId).Distinct().Where(order => !told.Contains(order.ToString()))];
    }

    private Dictionary<string, DateTimeOffset> TakenBy(string consumer)
    {
        if (!_taken.TryGetValue(consumer, out var taken)) _taken[consumer] = taken = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        return taken;
    }
}
