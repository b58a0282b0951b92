using MassTransit;
using Messaging.Postgres;
using Shared.Contracts;

namespace Payments.AuthorizingAPayment;

/// <summary>Writes down that a payment is to be authorised; a worker calls the provider after the commit.</summary>
internal sealed class AuthorizePaymentConsumer(PaymentsDbContext db, RowsByKey<Payment> payments, TimeProvider time) : IConsumer<AuthorizePayment>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<AuthorizePayment> context)
    {
        // A row that is there already was asked for before, or voided before: either way there is nothing to begin.
        if (await payments.FindAsync(context.Message.OrderId, context.CancellationToken) is null)
            db.Payments.Add(Payment.Authorizing(context.Message, time.GetUtcNow(), AskedBy.Of(context)));
    }
}
