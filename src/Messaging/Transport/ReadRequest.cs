namespace Messaging;

/// <summary>What to read of a topic, outside any group.</summary>
/// <param name="Topic">The topic.</param>
/// <param name="From">Where to begin.</param>
/// <param name="Until">Where to end.</param>
public sealed record ReadRequest(string Topic, ReadFrom From, ReadUntil Until)
{
    /// <summary>The CloudEvents types wanted; others, and messages without a type, are left out. Null: all.</summary>
    public IReadOnlySet<string>? Types { get; init; }
}

/// <summary>Where a read begins.</summary>
public abstract record ReadFrom
{
    private ReadFrom()
    {
    }

    /// <summary>With the oldest message that the broker still has.</summary>
    public static ReadFrom Beginning { get; } = new AtPositions(new Dictionary<int, long>());

    /// <summary>
    /// With the message at the given position of each partition, or the first one behind it; partitions not named begin at the
    /// beginning. Behind the last message: with the next one to come.
    /// </summary>
    public static ReadFrom Positions(IReadOnlyDictionary<int, long> positions) => new AtPositions(positions);

    /// <summary>With the first message of each partition that was stored at or after <paramref name="time"/>, by the broker's record of it.</summary>
    public static ReadFrom Time(DateTimeOffset time) => new AtTime(time);

    internal sealed record AtPositions(IReadOnlyDictionary<int, long> Of) : ReadFrom
    {
        /// <summary>The first position wanted, 0 where none was said.</summary>
        public long FirstOf(int partition) => Math.Max(0, Of.GetValueOrDefault(partition));
    }

    /// <summary>With the next message to come; of one partition only where one is given.</summary>
    internal sealed record AtEnd(int? Partition) : ReadFrom;

    internal sealed record AtTime(DateTimeOffset Value) : ReadFrom;
}

/// <summary>Where a read ends.</summary>
public enum ReadUntil
{
    /// <summary>When what was there at the call has been read; on an empty topic at once.</summary>
    Present,

    /// <summary>Never: new messages follow as they come, until the token is cancelled.</summary>
    Live,
}
