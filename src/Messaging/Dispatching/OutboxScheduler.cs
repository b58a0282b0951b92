using MassTransit;
using MassTransit.Context;
using MassTransit.Scheduling;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>
/// Lets MassTransit's <c>Schedule</c> and <c>Unschedule</c> work over the outbox: a scheduled message is a row with a due time and
/// a token. The destination address means nothing; the topic follows from the message's type.
/// </summary>
internal sealed class OutboxScheduler(OutboxWriter writer) : IScheduleMessageProvider
{
    public Task<ScheduledMessage<T>> ScheduleSend<T>(
        Uri destinationAddress, DateTime scheduledTime, T message, IPipe<SendContext<T>> pipe, CancellationToken cancellationToken)
        where T : class
    {
        var token = ScheduleTokenIdCache<T>.GetTokenId(message, Guid.CreateVersion7());
        writer.Add(message, new DateTimeOffset(DateTime.SpecifyKind(scheduledTime, DateTimeKind.Utc)), token);
        return Task.FromResult<ScheduledMessage<T>>(new ScheduledMessageHandle<T>(token, scheduledTime, destinationAddress, message));
    }

    public Task CancelScheduledSend(Guid tokenId, CancellationToken cancellationToken)
    {
        writer.Cancel(tokenId);
        return Task.CompletedTask;
    }

    public Task CancelScheduledSend(Uri destinationAddress, Guid tokenId, CancellationToken cancellationToken) =>
        CancelScheduledSend(tokenId, cancellationToken);
}

/// <summary>Gives every consumed message the scheduler of its own scope.</summary>
internal sealed class OutboxSchedulerFilter : IFilter<ConsumeContext>
{
    public Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        context.GetOrAddPayload<MessageSchedulerContext>(() => new ConsumeMessageSchedulerContext(context, CreateScheduler));
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("outbox-scheduler");

    private static MessageScheduler CreateScheduler(ConsumeContext context)
    {
        var scope = context.GetPayload<IServiceProvider>();
        return new MessageScheduler(
            new OutboxScheduler(scope.GetRequiredService<OutboxWriter>()), scope.GetRequiredService<IBus>().Topology);
    }
}
