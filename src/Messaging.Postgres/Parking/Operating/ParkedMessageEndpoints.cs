using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Messaging.Postgres;

/// <summary>The operator's endpoints over parked and dead messages.</summary>
public static class ParkedMessageEndpoints
{
    private const int DefaultLimit = 100;
    private const int MaxLimit = 500;
    private const int MaxSelectionBytes = 64 * 1024;
    private const int MaxEditBytes = 2 * 1024 * 1024;

    /// <summary>
    /// Maps <c>GET /messages/parked</c>, <c>/messages/parked/causes</c> and <c>/messages/parked/{id}</c>, and <c>POST</c> of
    /// <c>/messages/parked/redrive</c>, <c>/discard</c> and <c>/{id}/edit-and-redrive</c>. They need
    /// <see cref="PostgresMessaging.UsePostgres{TDbContext}"/>.
    /// </summary>
    /// <remarks>They show and change what customers sent: where others can reach the service, put your authorization on the result.</remarks>
    /// <param name="routes">The application.</param>
    /// <returns>The group of the endpoints, for conventions such as <c>RequireAuthorization</c>.</returns>
    public static RouteGroupBuilder MapParkedMessages(this IEndpointRouteBuilder routes)
    {
        ArgumentNullException.ThrowIfNull(routes);
        var group = routes.MapGroup("/messages").WithTags("Parked messages");
        group.MapGet("/problems", () => TypedResults.Json(OperatingProblems.All, OperatingJson.Default.IReadOnlyListOperatingProblem))
            .WithName("ListMessageProblems").WithSummary("What can be wrong with a request about parked messages.");
        group.MapGet("/parked", ListAsync)
            .WithName("ListParkedMessages").WithSummary("Lists parked and dead messages, the oldest first, without their bodies.")
            .Produces<ParkedPage>().ProducesProblem(StatusCodes.Status400BadRequest);
        group.MapGet("/parked/causes", async (ParkedMessageQueries queries, CancellationToken cancellationToken) =>
                TypedResults.Json(await queries.CausesAsync(cancellationToken), OperatingJson.Default.CauseList))
            .WithName("ListParkedMessageCauses").WithSummary("Groups parked and dead messages by what they failed of.")
            .Produces<CauseList>();
        group.MapGet("/parked/{id:long}", FindAsync)
            .WithName("GetParkedMessage").WithSummary("Everything about one parked message: attributes, body, history, its place in its queue.")
            .Produces<ParkedDetail>().ProducesProblem(StatusCodes.Status404NotFound);
        MapOperation(group, "/parked/redrive", (operations, selection, cancel) => operations.RedriveAsync(selection, cancel))
            .WithName("RedriveParkedMessages").WithSummary("Tries dead messages again, and after each one those that wait behind it.");
        MapOperation(group, "/parked/discard", (operations, selection, cancel) => operations.DiscardAsync(selection, cancel))
            .WithName("DiscardParkedMessages").WithSummary("Removes messages for good; those that wait behind them move up.");
        group.MapPost("/parked/{id:long}/edit-and-redrive", EditAsync)
            .WithName("EditAndRedriveParkedMessage").WithSummary("Gives a dead message another body and tries it again, as one step.")
            .WithMetadata(new RequestSizeLimitAttribute(MaxEditBytes)).Accepts<ParkedEdit>("application/json")
            .Produces<MessageOutcome>().ProducesProblem(StatusCodes.Status400BadRequest).ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict).ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType).ProducesProblem(StatusCodes.Status422UnprocessableEntity);
        return group;
    }

    private static RouteHandlerBuilder MapOperation(
        RouteGroupBuilder group, string path, Func<ParkedMessageOperations, ParkedSelection, CancellationToken, Task<OperationReport>> operate) =>
        group.MapPost(path, async (HttpRequest request, ParkedMessageOperations operations, CancellationToken cancellationToken) =>
            {
                var (selection, problem) = await ReadAsync(request, OperatingJson.Default.ParkedSelection, cancellationToken);
                if (selection is null)
                    return problem;
                return selection.IsValid(out var error)
                    ? TypedResults.Json(await operate(operations, selection, cancellationToken), OperatingJson.Default.OperationReport)
                    : (IResult)OperatingProblems.InvalidSelection.With(error);
            })
            .WithMetadata(new RequestSizeLimitAttribute(MaxSelectionBytes)).Accepts<ParkedSelection>("application/json")
            .Produces<OperationReport>().ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge).ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static async Task<IResult> ListAsync(
        ParkedMessageQueries queries, CancellationToken cancellationToken, string? consumer = null, string? type = null, string? key = null,
        string? cause = null, string? state = null, string? after = null, string? limit = null)
    {
        if (state is not (null or "parked" or "dead"))
            return OperatingProblems.InvalidFilter.With($"state is parked or dead, not '{state}'.");
        var first = 0L;
        if (after is not null && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out first))
            return OperatingProblems.InvalidFilter.With($"after is the next value of an earlier answer, not '{after}'.");
        var size = DefaultLimit;
        if (limit is not null && !(int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out size) && size is >= 1 and <= MaxLimit))
            return OperatingProblems.InvalidFilter.With($"limit is a number from 1 to {MaxLimit}, not '{limit}'.");
        if (Array.Find([consumer, type, key, cause], value => value?.Contains('\0', StringComparison.Ordinal) is true) is not null)
            return OperatingProblems.InvalidFilter.With("No filter takes a NUL character.");
        var page = await queries.ListAsync(new ParkedFilter(consumer, type, key, cause, state, first, size), cancellationToken);
        return TypedResults.Json(page, OperatingJson.Default.ParkedPage);
    }

    private static async Task<IResult> FindAsync(long id, ParkedMessageQueries queries, CancellationToken cancellationToken) =>
        await queries.FindAsync(id, cancellationToken) is { } message
            ? TypedResults.Json(message, OperatingJson.Default.ParkedDetail)
            : OperatingProblems.MessageNotFound.With($"{id}");

    private static async Task<IResult> EditAsync(long id, HttpRequest request, ParkedMessageEditing editing, CancellationToken cancellationToken)
    {
        var (edit, problem) = await ReadAsync(request, OperatingJson.Default.ParkedEdit, cancellationToken);
        if (edit is null)
            return problem;
        return await editing.EditAsync(id, edit, cancellationToken) is { } refusal
            ? refusal.Problem.With(refusal.Detail)
            : TypedResults.Json(new MessageOutcome(id, Outcomes.Redriven), OperatingJson.Default.MessageOutcome);
    }

    private static async Task<(T? Value, ProblemHttpResult Problem)> ReadAsync<T>(
        HttpRequest request, JsonTypeInfo<T> type, CancellationToken cancellationToken)
        where T : class
    {
        if (!request.HasJsonContentType() || !IsUtf8(request.ContentType))
            return (null, OperatingProblems.UnsupportedMediaType.With());
        try
        {
            return (await request.ReadFromJsonAsync(type, cancellationToken), OperatingProblems.MalformedBody.With("The body is null."));
        }
        catch (JsonException exception)
        {
            return (null, OperatingProblems.MalformedBody.With(exception.Message));
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, OperatingProblems.BodyTooLarge.With());
        }
    }

    private static bool IsUtf8(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.Charset.Length == 0 || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
