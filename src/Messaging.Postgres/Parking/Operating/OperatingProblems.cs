using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Messaging.Postgres;

/// <summary>What can be wrong with a request about parked messages: RFC 9457 problem types with stable names.</summary>
internal static class OperatingProblems
{
    public static readonly OperatingProblem MalformedBody = new("malformed-body", 400, "The body is not the JSON that is expected here.");
    public static readonly OperatingProblem BodyTooLarge = new("body-too-large", 413, "The request's body is too large.");
    public static readonly OperatingProblem UnsupportedMediaType = new("unsupported-media-type", 415, "The body must be application/json in UTF-8.");
    public static readonly OperatingProblem InvalidFilter = new("invalid-filter", 400, "A filter has a value that it does not take.");
    public static readonly OperatingProblem InvalidSelection = new("invalid-selection", 422, "The body does not say which messages are meant.");
    public static readonly OperatingProblem MessageNotFound = new("message-not-found", 404, "There is no such message, or no longer.");
    public static readonly OperatingProblem MessageNotDead = new("message-not-dead", 409, "The message is not dead: it waits behind another, or is tried again by itself.");
    public static readonly OperatingProblem MessageBusy = new("message-busy", 409, "The message's queue is in somebody's hands at this moment; try again.");
    public static readonly OperatingProblem MessageChanged = new("message-changed", 409, "Something has happened to the message since that version.");
    public static readonly OperatingProblem UnfitBody = new("unfit-body", 422, "The new body does not fit the message.");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<OperatingProblem> All { get; } =
    [
        MalformedBody, BodyTooLarge, UnsupportedMediaType, InvalidFilter, InvalidSelection, MessageNotFound, MessageNotDead, MessageBusy,
        MessageChanged, UnfitBody,
    ];
}

/// <summary>A kind of problem.</summary>
/// <param name="Name">Stable; the last segment of the problem's <c>type</c>.</param>
/// <param name="Status">The HTTP status it is answered with.</param>
/// <param name="Title">The same sentence each time.</param>
internal sealed record OperatingProblem(string Name, int Status, string Title)
{
    /// <summary>The problem's <c>type</c> URI reference.</summary>
    public string Type => "/messages/problems/" + Name;

    /// <summary>This problem as an answer, with what is particular to this time.</summary>
    public ProblemHttpResult With(string? detail = null) => TypedResults.Problem(detail, statusCode: Status, title: Title, type: Type);
}
