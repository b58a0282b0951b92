using System.Text.Json;

namespace Lab.DeadLetters;

// What a service's endpoints under /messages/parked answer, as far as it is shown; see the service's /openapi/v1.json.

internal sealed record ParkedPage(IReadOnlyList<ParkedLine> Messages, long? Next);

internal sealed record ParkedLine(
    long Id,
    string Consumer,
    string MessageId,
    string Topic,
    string? Type,
    string? Key,
    string State,
    string Cause,
    int Attempts,
    DateTimeOffset ParkedAt,
    DateTimeOffset? Due);

internal sealed record CauseList(IReadOnlyList<CauseLine> Groups);

internal sealed record CauseLine(
    string Consumer, string? Type, string Cause, string State, long Count, DateTimeOffset First, DateTimeOffset Last, long UpTo);

internal sealed record ParkedDetail(
    ParkedLine Message,
    string Group,
    string? Detail,
    int? Partition,
    long? Position,
    long Ahead,
    long Behind,
    int Version,
    IReadOnlyDictionary<string, string> Attributes,
    JsonElement? Body,
    string? BodyBase64,
    IReadOnlyList<HistoryEntry> History);

internal sealed record HistoryEntry(DateTimeOffset At, string What, string? Cause);

internal sealed record OperationReport(int Selected, long Remaining, IReadOnlyList<MessageOutcome> Outcomes);

internal sealed record MessageOutcome(long Id, string Outcome)
{
    /// <summary>Whether it became what was asked for.</summary>
    public bool IsDone => Outcome is "redriven" or "discarded";
}
