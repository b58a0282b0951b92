using Lab.Faults;

namespace Lab.History;

/// <summary>What became of the messages: what was published, compared with what consumers have taken in.</summary>
/// <param name="Published">Messages in the broker, copies included.</param>
/// <param name="Copies">How many of them repeat an id that was there before in the same topic: allowed, the inbox is for that.</param>
/// <param name="Delivered">Inbox entries of all consumers.</param>
/// <param name="Lost">Messages that a consumer of their topic never took in.</param>
/// <param name="OutOfOrder">
/// Messages of one key that a consumer took in before an earlier one of their topic. Told, not judged: invariant 4 judges effects.
/// </param>
/// <param name="NeverPublished">Accepted orders of which no message reached the broker.</param>
internal sealed record MessageAccount(
    int Published, int Copies, int Delivered, IReadOnlyList<LostMessage> Lost, IReadOnlyList<Overtaking> OutOfOrder, IReadOnlyList<Guid> NeverPublished)
{
    public static MessageAccount Empty { get; } = new(0, 0, 0, [], [], []);

    /// <summary>What could not be seen, a line each; empty when everything was. An account with gaps proves nothing.</summary>
    public IReadOnlyList<string> Gaps { get; init; } = [];
}

/// <summary>A message that a consumer never took in.</summary>
/// <param name="Consumer">Who should have.</param>
/// <param name="Message">The message as published.</param>
/// <param name="Part">Where in its partition it lies, seen from what the consumer did take in.</param>
internal sealed record LostMessage(string Consumer, HistoryEntry Message, LostPart Part);

/// <summary>Where a lost message lies in its partition, as Jepsen's queue checkers tell it.</summary>
internal enum LostPart
{
    /// <summary>Before the first message that the consumer took in.</summary>
    Prefix,

    /// <summary>Between two that it took in: certainly lost.</summary>
    Middle,

    /// <summary>Behind the last one: lost, or the consumer is slow or stuck.</summary>
    Tail,
}

/// <summary>A message that was taken in too early.</summary>
/// <param name="Consumer">By whom.</param>
/// <param name="Overtaken">The earlier message of the key.</param>
/// <param name="Overtaker">The later one, which came first.</param>
internal sealed record Overtaking(string Consumer, HistoryEntry Overtaken, HistoryEntry Overtaker);

/// <summary>A violation with what happened to its subject and which faults were up meanwhile.</summary>
/// <param name="Invariant">Which invariant.</param>
/// <param name="Subject">What broke it.</param>
/// <param name="Seen">What was seen.</param>
/// <param name="Story">What happened to it, in order of time.</param>
/// <param name="Suspects">Faults that were up between its first and its last entry, or shortly before.</param>
internal sealed record Explanation(int Invariant, string Subject, string Seen, IReadOnlyList<HistoryEntry> Story, IReadOnlyList<StruckFault> Suspects);
