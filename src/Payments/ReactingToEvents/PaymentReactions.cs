using MassTransit;
using Messaging;
using Microsoft.Extensions.Options;
using Shared.Contracts;

namespace Payments.ReactingToEvents;

/// <summary>
/// Choreography: finds what is known of an order, has <see cref="PaymentDecision"/> decide, and writes what was decided in the
/// transaction of the message. The provider is called after the commit, as always.
/// </summary>
internal sealed class PaymentReactions(PaymentsDbContext db, OutboxWriter outbox, IOptions<ChoreographyOptions> options, TimeProvider time) :
    IConsumer<OrderPlaced>,
    IConsumer<OrderCancellationRequested>,
    IConsumer<StockReserved>,
    IConsumer<StockRejected>,
    IConsumer<AuthorizationDeadlinePassed>
{
    /// <summary>Remembers its bill and starts its deadline.</summary>
    public Task Consume(ConsumeContext<OrderPlaced> context) => DecideAsync(context, decision => decision.On(context.Message));

    /// <summary>Calls its payment off, if there is still time.</summary>
    public Task Consume(ConsumeContext<OrderCancellationRequested> context) => DecideAsync(context, decision => decision.OnCancellationRequested());

    /// <summary>Asks for the money.</summary>
    public Task Consume(ConsumeContext<StockReserved> context) => DecideAsync(context, decision => decision.OnStockReserved());

    /// <summary>Forgets about it.</summary>
    public Task Consume(ConsumeContext<StockRejected> context) => DecideAsync(context, decision => decision.OnStockRejected());

    /// <summary>Calls its payment off, unless it was authorised meanwhile.</summary>
    public Task Consume(ConsumeContext<AuthorizationDeadlinePassed> context) => DecideAsync(context, decision => decision.OnDeadlinePassed());

    private async Task DecideAsync<T>(ConsumeContext<T> context, Action<PaymentDecision> decide)
        where T : class, IOrderMessage
    {
        var orderId = context.Message.OrderId;
        var bill = await db.Bills.FindAsync([orderId], context.CancellationToken);
        if (bill is null)
            db.Bills.Add(bill = new Bill { OrderId = orderId });
        var payment = await db.Payments.FindAsync([orderId], context.CancellationToken);

        var decision = new PaymentDecision(bill, payment, time.GetUtcNow(), AskedBy.Of(context));
        decide(decision);

        if (payment is null && decision.Payment is not null)
            db.Payments.Add(decision.Payment);
        if (decision.Told is { } told)
            outbox.Add(told);
        if (decision.Deadline is DeadlineChange.Started)
            outbox.Add(new AuthorizationDeadlinePassed(orderId), time.GetUtcNow() + options.Value.AuthorizationDeadline, Payment.DeadlineOf(orderId));
        else if (decision.Deadline is DeadlineChange.TakenBack)
            outbox.Cancel(Payment.DeadlineOf(orderId));
    }
}
