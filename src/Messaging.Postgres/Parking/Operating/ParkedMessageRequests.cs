using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Messaging.Postgres;

/// <summary>The messages to redrive or discard: their ids, or a whole cause group. A misspelt name is refused, for it would widen the choice.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ParkedSelection
{
    private const int MostIds = 1_000;

    /// <summary>1 to 1,000 ids.</summary>
    public IReadOnlyList<long>? Ids { get; init; }

    /// <summary>Or the dead messages of one cause.</summary>
    public ParkedGroup? Group { get; init; }

    /// <summary>With a group: the highest id the operator has seen. Null: what is there at the moment of the call.</summary>
    public long? UpTo { get; init; }

    /// <summary>False, and what is wrong, when it chooses nothing or cannot be meant.</summary>
    public bool IsValid([NotNullWhen(false)] out string? error)
    {
        error = this switch
        {
            { Ids: null, Group: null } or { Ids: not null, Group: not null } => "Give either ids or a group.",
            { Ids: { Count: < 1 or > MostIds } ids } => $"ids takes 1 to {MostIds:N0} ids, not {ids.Count:N0}.",
            { Ids: not null, UpTo: not null } => "upTo belongs to a group, not to ids.",
            { Group.Consumer: "" } or { Group.Cause: "" } => "A group needs its consumer and its cause.",
            { Group: { } group } when $"{group.Consumer}{group.Cause}{group.Type}".Contains('\0', StringComparison.Ordinal) =>
                "No name has a NUL character.",
            _ => null,
        };
        return error is null;
    }
}

/// <summary>A cause group by name.</summary>
/// <param name="Consumer">Who could not handle the messages.</param>
/// <param name="Cause">The cause as <c>/messages/parked/causes</c> writes it.</param>
/// <param name="Type">Only this type of message; null: whichever.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ParkedGroup(string Consumer, string Cause, string? Type = null);

/// <summary>What became of the chosen messages.</summary>
/// <param name="Selected">How many were chosen.</param>
/// <param name="Remaining">How many of the group a call left alone, because it takes so many at most: call again.</param>
/// <param name="Counts">How many had each outcome.</param>
/// <param name="Outcomes">One per chosen message, by id.</param>
internal sealed record OperationReport(
    int Selected, long Remaining, IReadOnlyDictionary<string, int> Counts, IReadOnlyList<MessageOutcome> Outcomes);

/// <summary>What became of one message.</summary>
/// <param name="Id">The id.</param>
/// <param name="Outcome">One of <see cref="Outcomes"/>.</param>
internal sealed record MessageOutcome(long Id, string Outcome);

/// <summary>What can become of a message that an operator chose.</summary>
internal static class Outcomes
{
    /// <summary>It is tried again, the ones behind it after it.</summary>
    public const string Redriven = "redriven";

    /// <summary>It is gone for good, and the ones behind it move up.</summary>
    public const string Discarded = "discarded";

    /// <summary>It is not dead: it waits behind an earlier one, or is tried again by itself.</summary>
    public const string Waiting = "waiting";

    /// <summary>Somebody has its queue in hand at this moment: try again.</summary>
    public const string Busy = "busy";

    /// <summary>There is none of this id: handled, discarded, or never there.</summary>
    public const string Gone = "gone";

    /// <summary>It is no message that could be sent; it can be discarded.</summary>
    public const string Unreadable = "unreadable";
}

/// <summary>A new body for a dead message.</summary>
/// <param name="Body">A JSON object that fits the message's type.</param>
/// <param name="Version">The version the operator has seen; null: whichever it is now.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
internal sealed record ParkedEdit(JsonElement Body, int? Version = null);

/// <summary>Keeps the wire as documented, whatever JSON options a service has.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(ParkedPage))]
[JsonSerializable(typeof(ParkedDetail))]
[JsonSerializable(typeof(CauseList))]
[JsonSerializable(typeof(ParkedSelection))]
[JsonSerializable(typeof(ParkedEdit))]
[JsonSerializable(typeof(OperationReport))]
[JsonSerializable(typeof(MessageOutcome))]
[JsonSerializable(typeof(IReadOnlyList<OperatingProblem>))]
internal sealed partial class OperatingJson : JsonSerializerContext;
