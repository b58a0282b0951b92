using System.Text.Json;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Net.Http.Headers;

namespace Orders.PlacingAnOrder;

/// <summary><c>POST /orders</c>: reads and bounds the request, then leaves it to <see cref="PlaceOrderHandler"/>.</summary>
internal static class PlaceOrderEndpoint
{
    private const int MaxBodyBytes = 64 * 1024;
    private const int MaxKeyLength = 200;

    public static void MapPlaceOrder(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/orders", HandleAsync)
            .WithName("PlaceOrder")
            .WithSummary("Accepts an order; it is fulfilled afterwards. Repeating a request under its Idempotency-Key is harmless.")
            .WithMetadata(new RequestSizeLimitAttribute(MaxBodyBytes))
            .Accepts<PlaceOrder>("application/json")
            .Produces<OrderAccepted>(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status400BadRequest)
            .ProducesProblem(StatusCodes.Status413PayloadTooLarge)
            .ProducesProblem(StatusCodes.Status415UnsupportedMediaType)
            .ProducesProblem(StatusCodes.Status422UnprocessableEntity);

    private static async Task<IResult> HandleAsync(HttpRequest request, PlaceOrderHandler handler, CancellationToken cancellationToken)
    {
        if (!request.HasJsonContentType() || !IsReadable(request.ContentType))
            return Problems.UnsupportedMediaType.With();

        var keys = request.Headers["Idempotency-Key"];
        if (keys.Count > 1 || keys is [not { Length: >= 1 and <= MaxKeyLength }])
            return Problems.InvalidIdempotencyKey.With();

        try
        {
            var body = await request.ReadFromJsonAsync<PlaceOrder>(cancellationToken);
            return body is null
                ? Problems.MalformedBody.With("The body is null.")
                : body.Validate() ?? await handler.HandleAsync(body, keys.FirstOrDefault(), cancellationToken);
        }
        catch (JsonException exception)
        {
            // The exception's message names our types; where to look is all a client can use.
            return Problems.MalformedBody.With($"At {exception.Path ?? "$"}, line {exception.LineNumber}, byte {exception.BytePositionInLine}.");
        }
        catch (BadHttpRequestException exception) when (exception.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return Problems.BodyTooLarge.With();
        }
    }

    private static bool IsReadable(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.Charset.Length == 0 || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
}
