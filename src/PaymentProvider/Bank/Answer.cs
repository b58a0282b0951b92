using System.Text.Json;
using Microsoft.AspNetCore.Mvc;

namespace PaymentProvider.Bank;

/// <summary>What the bank answers to a request; kept under the request's idempotency key.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">JSON; problem details when the status is 400 or more.</param>
/// <param name="Repeated">True when it was answered before.</param>
internal sealed record Answer(int Status, string Body, bool Repeated = false) : IResult
{
    /// <summary>All went well.</summary>
    public static Answer Done(int status, string reference, string state) =>
        new(status, JsonSerializer.Serialize(new { reference, state }, JsonSerializerOptions.Web));

    /// <summary>A problem; <paramref name="name"/> is stable and answered as <c>/problems/{name}</c>.</summary>
    public static Answer Problem(int status, string name, string title) => new(
        status,
        JsonSerializer.Serialize(new ProblemDetails { Status = status, Type = "/problems/" + name, Title = title }, JsonSerializerOptions.Web));

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.StatusCode = Status;
        httpContext.Response.ContentType = Status < 400 ? "application/json" : "application/problem+json";
        return httpContext.Response.WriteAsync(Body, httpContext.RequestAborted);
    }
}
