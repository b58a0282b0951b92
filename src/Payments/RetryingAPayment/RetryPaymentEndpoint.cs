using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Payments.CallingTheProvider;

namespace Payments.RetryingAPayment;

/// <summary><c>POST /payments/{orderId}/retry</c>: has the provider asked again for what it refused for good, once the cause is mended.</summary>
internal static class RetryPaymentEndpoint
{
    public static void MapRetryPayment(this IEndpointRouteBuilder routes) =>
        routes.MapPost("/payments/{orderId:guid}/retry", HandleAsync)
            .WithName("RetryPayment")
            .WithSummary("Tries a refused capture or void again.")
            .Produces(StatusCodes.Status202Accepted)
            .ProducesProblem(StatusCodes.Status404NotFound)
            .ProducesProblem(StatusCodes.Status409Conflict);

    public static async Task<IResult> HandleAsync(
        Guid orderId, PaymentsDbContext db, PaymentSignal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await db.Payments.FindAsync([orderId], cancellationToken) is not { } payment)
            return TypedResults.Problem(
                orderId.ToString(), statusCode: StatusCodes.Status404NotFound, title: "There is no payment for this order.",
                type: "/problems/payment-not-found");
        if (!payment.TryAgain(time.GetUtcNow()))
            return NotRefused(payment);
        try
        {
            await db.SaveChangesAsync(cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Somebody else has just asked for the same.
            return NotRefused(payment);
        }

        signal.Set();
        return TypedResults.Accepted($"/payments/{orderId}");
    }

    private static ProblemHttpResult NotRefused(Payment payment) => TypedResults.Problem(
        $"It is {payment.State}.", statusCode: StatusCodes.Status409Conflict, title: "The provider does not refuse this payment.",
        type: "/problems/payment-not-refused");
}
