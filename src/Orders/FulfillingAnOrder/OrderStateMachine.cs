using System.Linq.Expressions;
using MassTransit;
using Microsoft.Extensions.Options;
using Orders.EndingAnOrder;
using Shared.Contracts;

namespace Orders.FulfillingAnOrder;

/// <summary>
/// The way of an order: reserve its stock, authorise its payment, capture it. Each step may be refused, may take too long or may
/// be called off by the customer; what was done is then undone. From <see cref="CapturingPayment"/> on there is no way back:
/// capturing must not be refused, only take long, so a cancellation that comes then is too late and changes nothing.
/// </summary>
/// <remarks>
/// Commands and replies travel on three topics, so a reply can cross a cancellation or a deadline, and everything can arrive
/// twice. What can arrive late in a state is ignored there by name. What cannot happen at all (money captured for a cancelled
/// order) is left out on purpose: it fails and is parked where somebody sees it.
/// Not sealed, and its setters not private, for one that is wrong on purpose: see docs/antipatterns/no-compensation.md.
/// </remarks>
internal class OrderStateMachine : MassTransitStateMachine<Fulfilment>
{
    private readonly TimeProvider _time;

    public OrderStateMachine(IOptions<FulfilmentOptions> options, TimeProvider time)
    {
        _time = time;
        InstanceState(fulfilment => fulfilment.CurrentState);
        Event(() => OrderPlaced, e => e.CorrelateById(context => context.Message.OrderId));
        Reply(() => CancellationRequested);
        Reply(() => StockReserved);
        Reply(() => StockRejected);
        Reply(() => PaymentAuthorized);
        Reply(() => PaymentDeclined);
        Reply(() => PaymentCaptured);
        Schedule(() => StockDeadline, fulfilment => fulfilment.StockDeadlineToken, schedule =>
        {
            schedule.Delay = options.Value.StockDeadline;
            schedule.Received = Correlate;
        });
        Schedule(() => PaymentDeadline, fulfilment => fulfilment.PaymentDeadlineToken, schedule =>
        {
            schedule.Delay = options.Value.PaymentDeadline;
            schedule.Received = Correlate;
        });

        ReserveTheStock();
        AuthorizeThePayment();
        CaptureThePayment();
        IgnoreWhatComesAfterTheEnd();
    }

    /// <summary>Waiting for Inventory.</summary>
    public State ReservingStock { get; protected set; } = null!;

    /// <summary>The stock is reserved; waiting for Payments.</summary>
    public State AuthorizingPayment { get; protected set; } = null!;

    /// <summary>The payment is authorised; its money is being taken. There is no way back.</summary>
    public State CapturingPayment { get; protected set; } = null!;

    /// <summary>Ended: paid and committed.</summary>
    public State Confirmed { get; protected set; } = null!;

    /// <summary>Ended: no stock or no money.</summary>
    public State Rejected { get; protected set; } = null!;

    /// <summary>Ended: called off.</summary>
    public State Cancelled { get; protected set; } = null!;

    public Event<OrderPlaced> OrderPlaced { get; protected set; } = null!;

    public Event<OrderCancellationRequested> CancellationRequested { get; protected set; } = null!;

    public Event<StockReserved> StockReserved { get; protected set; } = null!;

    public Event<StockRejected> StockRejected { get; protected set; } = null!;

    public Event<PaymentAuthorized> PaymentAuthorized { get; protected set; } = null!;

    public Event<PaymentDeclined> PaymentDeclined { get; protected set; } = null!;

    public Event<PaymentCaptured> PaymentCaptured { get; protected set; } = null!;

    public Schedule<Fulfilment, StockDeadlinePassed> StockDeadline { get; protected set; } = null!;

    public Schedule<Fulfilment, PaymentDeadlinePassed> PaymentDeadline { get; protected set; } = null!;

    private void ReserveTheStock()
    {
        Initially(
            When(OrderPlaced)
                .Then(context =>
                {
                    context.Saga.Amount = context.Message.Amount;
                    context.Saga.Currency = context.Message.Currency;
                    context.Saga.PaymentMethod = context.Message.PaymentMethod;
                })
                .Publish(context => new ReserveStock(
                    context.Message.OrderId,
                    context.Message.Lines.Select(line => new StockLine(line.Sku, line.Quantity)).ToArray()))
                .Schedule(StockDeadline, context => new StockDeadlinePassed(context.Saga.CorrelationId))
                .TransitionTo(ReservingStock));

        During(
            ReservingStock,
            When(StockReserved)
                .Unschedule(StockDeadline)
                .Publish(context => new AuthorizePayment(
                    context.Saga.CorrelationId, context.Saga.Amount, context.Saga.Currency, context.Saga.PaymentMethod))
                .Schedule(PaymentDeadline, context => new PaymentDeadlinePassed(context.Saga.CorrelationId))
                .TransitionTo(AuthorizingPayment),
            Reject(When(StockRejected).Unschedule(StockDeadline), context => context.Message.Reason),
            Cancel(ReleaseStock(When(CancellationRequested).Unschedule(StockDeadline)), Reasons.Customer),
            Cancel(ReleaseStock(When(StockDeadline.Received)), Reasons.StockDeadline),
            Ignore(OrderPlaced));
    }

    private void AuthorizeThePayment() =>
        During(
            AuthorizingPayment,
            When(PaymentAuthorized)
                .Unschedule(PaymentDeadline)
                .Publish(context => new CapturePayment(context.Saga.CorrelationId))
                .Publish(context => new CommitStock(context.Saga.CorrelationId))
                .TransitionTo(CapturingPayment),
            Reject(ReleaseStock(When(PaymentDeclined).Unschedule(PaymentDeadline)), context => context.Message.Reason),
            Cancel(VoidPayment(ReleaseStock(When(CancellationRequested).Unschedule(PaymentDeadline))), Reasons.Customer),
            Cancel(VoidPayment(ReleaseStock(When(PaymentDeadline.Received))), Reasons.PaymentDeadline),
            Ignore(OrderPlaced),
            Ignore(StockReserved),
            Ignore(StockDeadline.Received));

    private void CaptureThePayment() =>
        During(
            CapturingPayment,
            End(When(PaymentCaptured), Confirmed, context => new OrderConfirmed(context.Saga.CorrelationId, _time.GetUtcNow())),
            Ignore(OrderPlaced),
            Ignore(StockReserved),
            Ignore(StockDeadline.Received),
            Ignore(PaymentAuthorized),
            Ignore(PaymentDeadline.Received),
            Ignore(CancellationRequested));

    private void IgnoreWhatComesAfterTheEnd()
    {
        During(
            Confirmed,
            Ignore(OrderPlaced),
            Ignore(StockReserved),
            Ignore(StockDeadline.Received),
            Ignore(PaymentAuthorized),
            Ignore(PaymentDeadline.Received),
            Ignore(PaymentCaptured),
            Ignore(CancellationRequested));
        During(
            [Rejected, Cancelled],
            Ignore(OrderPlaced),
            Ignore(StockReserved),
            Ignore(StockRejected),
            Ignore(StockDeadline.Received),
            Ignore(PaymentAuthorized),
            Ignore(PaymentDeclined),
            Ignore(PaymentDeadline.Received),
            Ignore(CancellationRequested));
    }

    private protected virtual EventActivityBinder<Fulfilment, T> ReleaseStock<T>(EventActivityBinder<Fulfilment, T> step)
        where T : class => step.Publish(context => new ReleaseStock(context.Saga.CorrelationId));

    /// <summary>Sent as soon as an authorisation was asked for, whatever its answer: Payments leaves nothing authorised after it.</summary>
    private protected virtual EventActivityBinder<Fulfilment, T> VoidPayment<T>(EventActivityBinder<Fulfilment, T> step)
        where T : class => step.Publish(context => new VoidPayment(context.Saga.CorrelationId));

    private EventActivityBinder<Fulfilment, T> Reject<T>(
        EventActivityBinder<Fulfilment, T> step, Func<BehaviorContext<Fulfilment, T>, string> reason)
        where T : class =>
        End(step, Rejected, context => new OrderRejected(context.Saga.CorrelationId, reason(context), _time.GetUtcNow()));

    private EventActivityBinder<Fulfilment, T> Cancel<T>(EventActivityBinder<Fulfilment, T> step, string reason)
        where T : class =>
        End(step, Cancelled, context => new OrderCancelled(context.Saga.CorrelationId, reason, _time.GetUtcNow()));

    private static EventActivityBinder<Fulfilment, T> End<T, TEnd>(
        EventActivityBinder<Fulfilment, T> step, State end, Func<BehaviorContext<Fulfilment, T>, TEnd> tell)
        where T : class
        where TEnd : class =>
        step.Publish(context => tell(context))
            .ThenAsync(context => context.GetPayload<IServiceProvider>().GetRequiredService<IOrderEndings>()
                .EndAsync(context.Saga.CorrelationId, end.Name, context.CancellationToken))
            .TransitionTo(end);

    private void Reply<T>(Expression<Func<Event<T>>> reply)
        where T : class, IOrderMessage => Event(reply, Correlate);

    /// <summary>A reply for an order that has no fulfilment is nobody's: it fails and is parked.</summary>
    private static void Correlate<T>(IEventCorrelationConfigurator<Fulfilment, T> correlation)
        where T : class, IOrderMessage
    {
        correlation.CorrelateById(context => context.Message.OrderId);
        correlation.OnMissingInstance(missing => missing.Fault());
    }

    /// <summary>Why an order was cancelled, for people.</summary>
    internal static class Reasons
    {
        public const string Customer = "cancelled by the customer";
        public const string StockDeadline = "the stock was not reserved in time";
        public const string PaymentDeadline = "the payment was not authorised in time";
    }
}
