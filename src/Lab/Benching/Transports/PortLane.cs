using Messaging;

namespace Lab.Benching.Transports;

/// <summary>Through the port.</summary>
internal sealed class PortLane(ITransport transport) : ITransportLane
{
    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var outcome = await transport.PublishAsync(messages, cancellationToken);
        if (!outcome.Succeeded) throw new LabException(outcome.Failures[0].Cause.Message, outcome.Failures[0].Cause);
    }

    public Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        transport.ConsumeAsync(
            new Subscription(topic, group, Lanes.Batch, Lanes.Window),
            (batch, _) => handle(batch.Partition, [.. batch.Deliveries.Select(delivery => delivery.Body)]),
            stopping);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
