using MassTransit;
using Messaging.Postgres;
using Shared.Contracts;

namespace Payments.CapturingAPayment;

/// <summary>Writes down that a payment is to be captured; a worker calls the provider after the commit.</summary>
internal sealed class CapturePaymentConsumer(RowsByKey<Payment> payments, TimeProvider time) : IConsumer<CapturePayment>
{
    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<CapturePayment> context)
    {
        var orderId = context.Message.OrderId;
        var payment = await payments.FindAsync(orderId, context.CancellationToken)
            ?? throw new IllegalPaymentChangeException(orderId, state: null, PaymentState.Captured);
        payment.AskForCapture(time.GetUtcNow(), AskedBy.Of(context));
    }
}
