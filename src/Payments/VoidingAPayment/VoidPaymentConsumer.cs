using MassTransit;
using Messaging.Postgres;
using Shared.Contracts;

namespace Payments.VoidingAPayment;

/// <summary>
/// Writes down that a payment is to be voided; a worker calls the provider after the commit. One that nobody has asked for yet
/// is remembered as voided, and the provider need not be troubled.
/// </summary>
internal sealed class VoidPaymentConsumer(PaymentsDbContext db, RowsByKey<Payment> payments, TimeProvider time) : IConsumer<VoidPayment>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<VoidPayment> context)
    {
        var orderId = context.Message.OrderId;
        if (await payments.FindAsync(orderId, context.CancellationToken) is { } payment)
        {
            payment.AskForVoid(time.GetUtcNow(), AskedBy.Of(context));
            return;
        }

        db.Payments.Add(Payment.NeverToBe(orderId));
        await context.Publish(new PaymentVoided(orderId, time.GetUtcNow()));
    }
}
