using Microsoft.EntityFrameworkCore;

namespace Payments.ReadingPayments;

/// <summary><c>GET /payments/{orderId}</c>, for people who want to look.</summary>
internal static class PaymentEndpoints
{
    public static void MapPayments(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/payments/{orderId:guid}", GetAsync)
            .WithName("GetPayment")
            .WithSummary("The payment of an order.")
            .Produces<PaymentDetails>()
            .ProducesProblem(StatusCodes.Status404NotFound);

    private static async Task<IResult> GetAsync(Guid orderId, PaymentsDbContext db, CancellationToken cancellationToken) =>
        await db.Payments.AsNoTracking().SingleOrDefaultAsync(payment => payment.OrderId == orderId, cancellationToken) is { } payment
            ? TypedResults.Ok(new PaymentDetails(
                payment.OrderId, payment.State.ToString(), payment.Amount, payment.Currency, payment.Method, payment.Reason, payment.Attempts))
            : TypedResults.Problem(
                orderId.ToString(), statusCode: StatusCodes.Status404NotFound, title: "There is no payment for this order.",
                type: "/problems/payment-not-found");
}

/// <summary>A payment.</summary>
/// <param name="OrderId">The order.</param>
/// <param name="State">Authorizing, Authorized, Declined, Capturing, CaptureRefused, Captured, Voiding, VoidRefused or Voided.</param>
/// <param name="Amount">How much.</param>
/// <param name="Currency">ISO 4217 code.</param>
/// <param name="Method">How the customer pays.</param>
/// <param name="Reason">Why the provider declined or refuses; null otherwise.</param>
/// <param name="Attempts">Calls to the provider in vain since the state was entered.</param>
internal sealed record PaymentDetails(
    Guid OrderId, string State, decimal Amount, string Currency, string Method, string? Reason, int Attempts);
