using Messaging;

namespace Lab.Benching.Transports;

/// <summary>Through the port.</summary>
/// <param name="transport">The port.</param>
/// <param name="readAhead">The most messages of a partition that are here and not settled, at least 2.</param>
internal sealed class PortLane(ITransport transport, int readAhead = Lanes.ReadAhead) : ITransportLane
{
    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var outcome = await transport.PublishAsync(messages, cancellationToken);
        if (!outcome.Succeeded) throw new LabException(outcome.Failures[0].Cause.Message, outcome.Failures[0].Cause);
    }

    public Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        transport.ConsumeAsync(
            new Subscription(topic, group, Lanes.BatchOf(readAhead), readAhead - Lanes.BatchOf(readAhead)),
            (batch, _) => handle(batch.Partition, [.. batch.Deliveries.Select(delivery => delivery.Body)]),
            stopping);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
