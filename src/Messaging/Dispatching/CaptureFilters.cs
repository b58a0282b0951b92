using MassTransit;

namespace Messaging;

/// <summary>
/// Ends every MassTransit publish in the scope's outbox: the in-memory bus carries nothing. Faults that MassTransit announces by
/// itself are dropped, because a failed message is parked with its cause. What a caller sets on the publish context (headers, a
/// delay) has no meaning here: a message that is to leave later is scheduled.
/// </summary>
internal sealed class CapturePublish<T>(OutboxWriter writer) : IFilter<PublishContext<T>>
    where T : class
{
    public Task Send(PublishContext<T> context, IPipe<PublishContext<T>> next)
    {
        Captured.Add(writer, context.Message);
        return Task.CompletedTask;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("outbox");
}

/// <summary>Ends every MassTransit send in the scope's outbox; the topic follows from the message's type, not from the address.</summary>
internal sealed class CaptureSend<T>(OutboxWriter writer) : IFilter<SendContext<T>>
    where T : class
{
    public Task Send(SendContext<T> context, IPipe<SendContext<T>> next)
    {
        Captured.Add(writer, context.Message);
        return Task.CompletedTask;
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("outbox");
}

internal static class Captured
{
    public static void Add(OutboxWriter writer, object message)
    {
        if (message is not Fault)
            writer.Add(message);
    }
}
