using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Mvc;

namespace PaymentProvider.Behaving;

/// <summary>How the bank treats everybody at the moment. The default is a bank without faults.</summary>
/// <param name="LatencyMs">How long each request waits before it is looked at, in milliseconds, 0 to 60,000.</param>
/// <param name="FailureRate">Which share of requests is answered 503 without being looked at, 0 to 1.</param>
/// <param name="LostAnswerRate">Which share of requests is done but never answered: the connection is cut instead, 0 to 1.</param>
internal sealed record Behaviour(int LatencyMs = 0, double FailureRate = 0, double LostAnswerRate = 0)
{
    /// <summary>True when all figures are within their bounds.</summary>
    [JsonIgnore]
    public bool IsValid => LatencyMs is >= 0 and <= 60_000 && FailureRate is >= 0 and <= 1 && LostAnswerRate is >= 0 and <= 1;
}

/// <summary>Holds the behaviour and applies it to requests. Thread-safe.</summary>
internal sealed class BehaviourSwitch(TimeProvider time) : IEndpointFilter
{
    private volatile Behaviour _current = new();

    /// <summary>How the bank behaves from now on.</summary>
    public Behaviour Current
    {
        get => _current;
        set => _current = value;
    }

    /// <inheritdoc/>
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var behaviour = _current;
        var http = context.HttpContext;
        if (behaviour.LatencyMs > 0)
            await Task.Delay(TimeSpan.FromMilliseconds(behaviour.LatencyMs), time, http.RequestAborted);
        if (Random.Shared.NextDouble() < behaviour.FailureRate)
        {
            return TypedResults.Problem(
                statusCode: StatusCodes.Status503ServiceUnavailable, title: "The bank is out of order.", type: "/problems/out-of-order");
        }

        var answer = await next(context);
        if (Random.Shared.NextDouble() >= behaviour.LostAnswerRate)
            return answer;
        http.Abort();
        return Results.Empty;
    }
}

/// <summary><c>GET</c> and <c>PUT /behaviour</c>.</summary>
internal static class BehaviourEndpoints
{
    public static void MapBehaviour(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/behaviour", (BehaviourSwitch behaviour) => behaviour.Current)
            .WithName("GetBehaviour").WithSummary("How the bank treats everybody at the moment.");
        routes.MapPut("/behaviour", Set)
            .WithName("SetBehaviour").WithSummary("Changes how the bank treats everybody; what is left out gets its default.")
            .Produces<Behaviour>().ProducesProblem(StatusCodes.Status400BadRequest);
    }

    private static IResult Set([FromBody] Behaviour wanted, BehaviourSwitch behaviour)
    {
        if (!wanted.IsValid)
        {
            return TypedResults.Problem(
                "latencyMs is from 0 to 60000; failureRate and lostAnswerRate are from 0 to 1.",
                statusCode: StatusCodes.Status400BadRequest, title: "There is no such behaviour.", type: "/problems/invalid-behaviour");
        }

        behaviour.Current = wanted;
        return TypedResults.Ok(wanted);
    }
}
