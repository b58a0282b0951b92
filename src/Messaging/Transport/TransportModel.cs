using System.Runtime.CompilerServices;
using System.Text.RegularExpressions;

namespace Messaging;

/// <summary>A topic: its name and how many ordered partitions it has.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens, parted by dots, such as <c>orders.events</c>; else an <see cref="ArgumentException"/>.</param>
/// <param name="Partitions">
/// How many partitions, at least 1, else an <see cref="ArgumentOutOfRangeException"/>. Fixed for the topic's life, because the key
/// decides the partition. Default 4.
/// </param>
public sealed record TopicDefinition(string Name, int Partitions = TopicDefinition.DefaultPartitions)
{
    /// <summary>The topic's name.</summary>
    public string Name { get; } = ModelChecks.CheckTopic(Name);

    /// <summary>How many partitions.</summary>
    public int Partitions { get; } = ModelChecks.AtLeastOne(Partitions);

    /// <summary>Partitions of a topic unless said otherwise.</summary>
    public const int DefaultPartitions = 4;
}

/// <summary>A message and the topic it goes to.</summary>
public sealed record OutgoingMessage(string Topic, Message Message);

/// <summary>What became of a published batch.</summary>
/// <param name="Failures">The messages the broker refused or did not answer for, by their index in the batch; empty: all acknowledged.</param>
public sealed record PublishOutcome(IReadOnlyList<PublishFailure> Failures)
{
    /// <summary>Every message was acknowledged.</summary>
    public static PublishOutcome AllAcknowledged { get; } = new([]);

    /// <summary>True when the broker has acknowledged every message.</summary>
    public bool Succeeded => Failures.Count == 0;
}

/// <summary>One message of a batch that was not acknowledged.</summary>
public sealed record PublishFailure(int Index, TransportException Cause);

/// <summary>What to consume.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="Group">The group; each group gets every message once.</param>
/// <param name="MaxBatch">The most messages handed over at once, at least 1. Default 100.</param>
/// <param name="Prefetch">The most messages held per partition beyond the batch in hand, at least 1. Default 500.</param>
public sealed record Subscription(string Topic, string Group, int MaxBatch = 100, int Prefetch = 500)
{
    /// <summary>The most messages handed over at once.</summary>
    public int MaxBatch { get; init => field = ModelChecks.AtLeastOne(value); } = ModelChecks.AtLeastOne(MaxBatch);

    /// <summary>The most messages held per partition beyond the batch in hand.</summary>
    public int Prefetch { get; init => field = ModelChecks.AtLeastOne(value); } = ModelChecks.AtLeastOne(Prefetch);

    /// <summary>The CloudEvents types wanted; the others, and messages without a type, are settled unseen. Null: all.</summary>
    public IReadOnlySet<string>? Types { get; init; }

    /// <summary>When a batch is settled. Default: at least once.</summary>
    public DeliveryMode Mode { get; init; }
}

/// <summary>
/// When a batch is settled, and so what a crash does to it. Effectively once is no mode of a transport: it is at least once and
/// an inbox, which takes note of each message in the handler's own transaction.
/// </summary>
public enum DeliveryMode
{
    /// <summary>Settled after the handler has returned: a crash repeats the batch in hand, a handler that throws gets it again.</summary>
    AtLeastOnce,

    /// <summary>Settled before the handler gets it: a crash, or a handler that throws, loses the batch in hand.</summary>
    AtMostOnce,
}

/// <summary>A message as it arrived: raw attributes and body, not yet understood.</summary>
/// <param name="Topic">The topic it was read from.</param>
/// <param name="Partition">The partition, from 0.</param>
/// <param name="Position">Its place in the partition: the offset on Kafka, the stream sequence on JetStream. Grows, with gaps.</param>
/// <param name="Attributes">CloudEvents attributes without the binding's prefix, and whatever other headers came along under their own names.</param>
/// <param name="Body">The body; valid as long as the delivery.</param>
/// <param name="Key">The broker's own key when the attributes may lack one; null when there is none.</param>
public sealed record Delivery(
    string Topic,
    int Partition,
    long Position,
    IReadOnlyList<KeyValuePair<string, string>> Attributes,
    ReadOnlyMemory<byte> Body,
    string? Key);

/// <summary>Messages of one partition, in its order. Never empty.</summary>
public sealed record PartitionBatch(string Topic, string Group, int Partition, IReadOnlyList<Delivery> Deliveries);

/// <summary>Messages of a partition that the group has not settled yet.</summary>
public sealed record PartitionLag(string Topic, string Group, int Partition, long Messages);

/// <summary>Checks names and numbers, the same on every transport.</summary>
internal static partial class ModelChecks
{
    public static string CheckTopic(string name) => Check(name, "topic name");

    public static string CheckAddress(string address) => Check(address, "address");

    public static int AtLeastOne(int number, [CallerArgumentExpression(nameof(number))] string? what = null) =>
        number >= 1 ? number : throw new ArgumentOutOfRangeException(what, number, "It is at least 1.");

    private static string Check(string name, string what)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Name().IsMatch(name) ? name : throw new ArgumentException($"'{name}' is no {what}: lower-case letters, digits and hyphens only, parted by dots.", nameof(name));
    }

    [GeneratedRegex("^[a-z0-9-]+(\\.[a-z0-9-]+)*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Name();
}
