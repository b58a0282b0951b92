namespace Orders;

/// <summary>
/// What can be wrong with a request: RFC 9457 problem types with stable names, answered as <c>/problems/{name}</c>.
/// <c>GET /problems</c> lists them.
/// </summary>
internal static class Problems
{
    public static readonly ProblemType MalformedBody = new("malformed-body", 400, "The body is not the JSON that is expected here.");
    public static readonly ProblemType BodyTooLarge = new("body-too-large", 413, "The body has more than 64 KiB.");
    public static readonly ProblemType UnsupportedMediaType = new("unsupported-media-type", 415, "The body must be application/json.");
    public static readonly ProblemType InvalidCustomer = new("invalid-customer", 400, "customerId must have 1 to 100 characters, none of them a control character.");
    public static readonly ProblemType InvalidPaymentMethod = new("invalid-payment-method", 400, "paymentMethod must have 1 to 50 characters, none of them a control character.");
    public static readonly ProblemType NoLines = new("no-lines", 400, "An order needs at least one line.");
    public static readonly ProblemType TooManyLines = new("too-many-lines", 400, "An order has at most 100 lines.");
    public static readonly ProblemType InvalidQuantity = new("invalid-quantity", 400, "A quantity must be from 1 to 1000.");
    public static readonly ProblemType DuplicateSku = new("duplicate-sku", 400, "Two lines name the same article; make them one line.");
    public static readonly ProblemType UnknownSku = new("unknown-sku", 400, "There is no such article.");
    public static readonly ProblemType InvalidIdempotencyKey = new("invalid-idempotency-key", 400, "Idempotency-Key must be one value of 1 to 200 characters.");
    public static readonly ProblemType IdempotencyKeyReused = new("idempotency-key-reused", 422, "The Idempotency-Key was used with another body.");
    public static readonly ProblemType OrderNotFound = new("order-not-found", 404, "There is no such order.");
    public static readonly ProblemType OrderEnded = new("order-ended", 409, "The order has ended and can no longer be cancelled.");
    public static readonly ProblemType OrderBeingPaid = new("order-being-paid", 409, "The payment is being taken; the order can no longer be cancelled.");
    public static readonly ProblemType InvalidState = new("invalid-state", 400, "There is no such order state.");
    public static readonly ProblemType InvalidCursor = new("invalid-cursor", 400, "after must be the next value of an earlier answer.");
    public static readonly ProblemType InvalidLimit = new("invalid-limit", 400, "limit must be a number from 1 to 200.");
    public static readonly ProblemType ArticleNotFound = new("article-not-found", 404, "There is no such article.");
    public static readonly ProblemType InventoryUnavailable = new("inventory-unavailable", 503, "Inventory does not answer; try again later.");

    /// <summary>Every problem type of this service.</summary>
    public static IReadOnlyList<ProblemType> All { get; } =
    [
        MalformedBody, BodyTooLarge, UnsupportedMediaType, InvalidCustomer, InvalidPaymentMethod, NoLines, TooManyLines, InvalidQuantity,
        DuplicateSku, UnknownSku, InvalidIdempotencyKey, IdempotencyKeyReused, OrderNotFound, OrderEnded, OrderBeingPaid,
        InvalidState, InvalidCursor, InvalidLimit, ArticleNotFound, InventoryUnavailable,
    ];

    /// <summary>Gives the problem types of this service to those problems that routing finds by itself.</summary>
    public static void Name(ProblemDetailsContext context)
    {
        if (context.ProblemDetails is { Status: StatusCodes.Status415UnsupportedMediaType } details)
            (details.Type, details.Title) = (UnsupportedMediaType.Type, UnsupportedMediaType.Title);
    }
}

/// <summary>A kind of problem.</summary>
/// <param name="Name">Stable; the last segment of the problem's <c>type</c>.</param>
/// <param name="Status">The HTTP status it is answered with.</param>
/// <param name="Title">The same sentence each time.</param>
internal sealed record ProblemType(string Name, int Status, string Title)
{
    /// <summary>The problem's <c>type</c> URI reference.</summary>
    public string Type => "/problems/" + Name;

    /// <summary>This problem as an answer, with what is particular to this time.</summary>
    public IResult With(string? detail = null) => TypedResults.Problem(detail, statusCode: Status, title: Title, type: Type);
}
