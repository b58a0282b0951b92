using Microsoft.AspNetCore.Mvc;
using PaymentProvider.Bank;
using PaymentProvider.Behaving;

namespace PaymentProvider;

/// <summary>The bank's counter: <c>POST /authorizations</c>, <c>…/{reference}/capture</c>, <c>…/{reference}/void</c>.</summary>
internal static class AuthorizationEndpoints
{
    private const string KeyHeader = "Idempotency-Key";

    public static void MapAuthorizations(this IEndpointRouteBuilder routes)
    {
        var counter = routes.MapGroup("/authorizations").AddEndpointFilter(CheckKeyAsync).AddEndpointFilter(CheckReferenceAsync);
        counter.AddEndpointFilter((context, next) =>
            context.HttpContext.RequestServices.GetRequiredService<BehaviourSwitch>().InvokeAsync(context, next));
        counter.MapPost("/", AuthorizeAsync)
            .WithName("Authorize").WithSummary("Sets money aside.")
            .Produces(StatusCodes.Status201Created)
            .ProducesProblem(StatusCodes.Status402PaymentRequired)
            .ProducesProblem(StatusCodes.Status409Conflict);
        counter.MapPost("/{reference}/capture", CaptureAsync)
            .WithName("Capture").WithSummary("Takes the money that was set aside.")
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);
        counter.MapPost("/{reference}/void", VoidAsync)
            .WithName("Void").WithSummary("Lets go of the money, and declines whatever authorisation of the reference comes later.")
            .ProducesProblem(StatusCodes.Status409Conflict);
    }

    private static async ValueTask<object?> CheckKeyAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.Request.Headers[KeyHeader] is [{ Length: > 0 and <= 200 }]
            ? await next(context)
            : Answer.Problem(400, "idempotency-key-missing", "Idempotency-Key must be one value of 1 to 200 characters.");

    private static async ValueTask<object?> CheckReferenceAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next) =>
        context.HttpContext.GetRouteValue("reference") is string { Length: > 100 }
            ? Answer.Problem(400, "invalid-request", "A reference has 1 to 100 characters.")
            : await next(context);

    private static async Task<IResult> AuthorizeAsync(
        [FromHeader(Name = KeyHeader)] string key,
        AuthorizationRequest request,
        PaymentBank bank,
        TimeProvider time,
        IHostApplicationLifetime host,
        HttpContext http)
    {
        if (!request.IsValid())
            return Answer.Problem(400, "invalid-request", "reference, amount, currency and method are needed, as the API describes them.");

        // The bank goes on with what it has begun when the caller has hung up; only its own end stops it.
        var closing = host.ApplicationStopping;
        switch (request.Method)
        {
            case PaymentMethods.Hangs:
                return await HangAsync(http, time, closing);
            case PaymentMethods.Slow when !await bank.KnowsAsync(key, closing):
                await Task.Delay(PaymentMethods.Slowness, time, closing);
                break;
        }

        var answer = await bank.AuthorizeAsync(key, request, PaymentMethods.RefusalOf(request.Method), closing);
        if (answer.Repeated)
            return answer;
        switch (request.Method)
        {
            case PaymentMethods.LateAnswer:
                await Task.Delay(PaymentMethods.Slowness, time, closing);
                break;
            case PaymentMethods.LostAnswer:
                http.Abort();
                return Results.Empty;
        }

        return answer;
    }

    private static async Task<IResult> CaptureAsync(
        [FromHeader(Name = KeyHeader)] string key, string reference, PaymentBank bank, IHostApplicationLifetime host) =>
        await bank.CaptureAsync(key, reference, host.ApplicationStopping);

    private static async Task<IResult> VoidAsync(
        [FromHeader(Name = KeyHeader)] string key, string reference, PaymentBank bank, IHostApplicationLifetime host) =>
        await bank.VoidAsync(key, reference, host.ApplicationStopping);

    private static async Task<IResult> HangAsync(HttpContext http, TimeProvider time, CancellationToken closing)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, closing);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The caller has hung up, or the bank closes.
        }

        http.Abort();
        return Results.Empty;
    }
}
