using System.Text.Json;

namespace Messaging.Postgres;

/// <summary>Which messages to list; null leaves a filter out.</summary>
/// <param name="Consumer">Who could not handle them.</param>
/// <param name="Type">Their type.</param>
/// <param name="Key">Their key.</param>
/// <param name="Cause">Their cause as <see cref="CauseSummary"/> names it.</param>
/// <param name="State"><c>parked</c> or <c>dead</c>.</param>
/// <param name="After">Only what has a higher id.</param>
/// <param name="Limit">How many at most.</param>
internal sealed record ParkedFilter(string? Consumer, string? Type, string? Key, string? Cause, string? State, long After, int Limit);

/// <summary>A page of parked messages.</summary>
/// <param name="Messages">The oldest first.</param>
/// <param name="Next">Give it as <c>after</c> to get the next page, which may be empty; null when this one is not full.</param>
internal sealed record ParkedPage(IReadOnlyList<ParkedSummary> Messages, long? Next);

/// <summary>A parked message in a list.</summary>
/// <param name="Id">Its number among the parked; messages of one queue are taken in this order.</param>
/// <param name="Consumer">Who could not handle it; <c>outbox</c> when the broker refused it.</param>
/// <param name="MessageId">The message's own id.</param>
/// <param name="Topic">Where it came from or was going to.</param>
/// <param name="Type">Null when that cannot be told.</param>
/// <param name="Key">Null when it has none.</param>
/// <param name="State"><c>parked</c>: is tried again by itself or waits behind an earlier one; <c>dead</c>: waits for an operator.</param>
/// <param name="Cause">What went wrong last.</param>
/// <param name="Attempts">How often a handler had it, all in all.</param>
/// <param name="ParkedAt">Since when it is here.</param>
/// <param name="Due">When the first of its queue is tried next; null when that one is dead.</param>
internal sealed record ParkedSummary(
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

/// <summary>Everything that is known of a parked message.</summary>
/// <param name="Message">What a list says of it.</param>
/// <param name="Group">Its cause without what differs from message to message.</param>
/// <param name="Detail">The exception in full, when there is one.</param>
/// <param name="Partition">Where it came from; null when it never reached the broker.</param>
/// <param name="Position">Its place there; null likewise.</param>
/// <param name="Retries">Attempts since it was parked or last redriven.</param>
/// <param name="Ahead">How many of its queue are before it.</param>
/// <param name="Behind">How many of its queue wait behind it.</param>
/// <param name="Version">Changes with everything that happens to it; an edit may name it.</param>
/// <param name="Attributes">Its attributes by name.</param>
/// <param name="Body">Its body, when that is JSON.</param>
/// <param name="BodyBase64">Its body in base64, when it is not.</param>
/// <param name="History">What happened to it, the oldest first.</param>
internal sealed record ParkedDetail(
    ParkedSummary Message,
    string Group,
    string? Detail,
    int? Partition,
    long? Position,
    int Retries,
    long Ahead,
    long Behind,
    int Version,
    JsonElement Attributes,
    JsonElement? Body,
    string? BodyBase64,
    JsonElement History);

/// <summary>What the parked messages died or wait of.</summary>
/// <param name="Groups">The largest first, 1,000 at most.</param>
internal sealed record CauseList(IReadOnlyList<CauseSummary> Groups);

/// <summary>Messages with one cause.</summary>
/// <param name="Consumer">Who could not handle them.</param>
/// <param name="Type">Their type; null when that cannot be told.</param>
/// <param name="Cause">The cause without what differs from message to message.</param>
/// <param name="State"><c>parked</c> or <c>dead</c>.</param>
/// <param name="Count">How many they are.</param>
/// <param name="First">When the first was parked.</param>
/// <param name="Last">When the last was parked.</param>
/// <param name="UpTo">The highest id among them: give it with a redrive or discard to leave alone what comes later.</param>
internal sealed record CauseSummary(
    string Consumer, string? Type, string Cause, string State, long Count, DateTimeOffset First, DateTimeOffset Last, long UpTo);
