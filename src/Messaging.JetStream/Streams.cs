using System.Globalization;

namespace Messaging.JetStream;

/// <summary>
/// How topics are laid out: topic <c>orders.events</c> with two partitions is the stream <c>orders_events</c> with the subjects
/// <c>orders.events.0.&gt;</c> and <c>orders.events.1.&gt;</c>; a message goes to <c>&lt;topic&gt;.&lt;partition&gt;.&lt;type&gt;.&lt;key&gt;</c>.
/// A subject per partition rather than one for the topic: the stream then tells its number of partitions (nats-server 2.9 drops
/// metadata), and a topic <c>orders.events.dead-letters</c> does not overlap with <c>orders.events</c>.
/// </summary>
internal static class Streams
{
    /// <summary>A stream's name takes no dots; a topic's name has no underscore.</summary>
    public static string NameOf(string topic) => topic.Replace('.', '_');

    /// <summary>
    /// How the names of a group's consumers begin. They take no dots, and no percent sign either: nats-server 2.9 uses the name as
    /// a format string, and what it then puts into the ack subject cannot be parsed.
    /// </summary>
    /// <exception cref="TransportException">The group's name has other characters than letters, digits, dots and hyphens.</exception>
    public static string ConsumersOf(string group) =>
        group.Length > 0 && group.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-')
            ? group.Replace('.', '_')
            : throw new TransportException($"Group '{group}': a name has ASCII letters, digits, dots and hyphens.");

    public static string[] SubjectsOf(string topic, int partitions) =>
        [.. Enumerable.Range(0, partitions).Select(partition => FilterOf(topic, partition))];

    public static string FilterOf(string topic, int partition) => $"{topic}.{partition}.>";

    /// <summary>
    /// What a consumer of a partition asks for. One type is a filter of the server's; of several it sends all, and they are sorted out
    /// here: nats-server 2.9 takes one filter per consumer.
    /// </summary>
    public static string FilterOf(string topic, int partition, IReadOnlySet<string>? types) =>
        types is { Count: 1 } ? $"{topic}.{partition}.{TypeOf(types.Single())}.*" : FilterOf(topic, partition);

    /// <summary>The partition that a subject names; null when the subject is none of the topic's.</summary>
    public static int? PartitionOf(string topic, string subject)
    {
        if (!subject.StartsWith(topic, StringComparison.Ordinal) || subject.Length <= topic.Length || subject[topic.Length] != '.')
            return null;
        var rest = subject.AsSpan(topic.Length + 1);
        var end = rest.IndexOf('.');
        return end > 0 && int.TryParse(rest[..end], NumberStyles.None, CultureInfo.InvariantCulture, out var partition) ? partition : null;
    }

    public static string SubjectOf(string topic, int partition, Message message) =>
        $"{topic}.{partition}.{TypeOf(message.Type)}.{PercentEncoding.ToToken(message.PartitionKey)}";

    /// <summary>The key that a subject ends in; null when it does not tell.</summary>
    public static string? KeyOf(string subject) => PercentEncoding.FromToken(subject[(subject.LastIndexOf('.') + 1)..]);

    /// <summary>A type's dots part it into tokens, so that consumers can filter by <c>orders.*.v1</c>.</summary>
    private static string TypeOf(string type) => string.Join('.', type.Split('.').Select(PercentEncoding.ToToken));
}
