using System.Threading.Channels;
using Lab.Benching.Transports;
using Messaging;

namespace Units.Lab.Comparing;

/// <summary>Four partitions in memory, each with one owner per group: the members share them as they come.</summary>
internal sealed class MemoryLane : ITransportLane
{
    private const int Partitions = 4;

    private readonly Lock _gate = new();
    private readonly Dictionary<(string Group, int Partition), Channel<ReadOnlyMemory<byte>>> _queues = [];

    /// <summary>Members from this one on fail.</summary>
    public int FailsFrom { get; init; } = int.MaxValue;

    public Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            foreach (var (_, message) in messages)
            {
                var partition = Partitioner.PartitionOf(message.PartitionKey, Partitions);
                foreach (var (place, queue) in _queues)
                {
                    if (place.Partition == partition) queue.Writer.TryWrite(message.Body);
                }
            }
        }

        return Task.CompletedTask;
    }

    public Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        throw new NotSupportedException();

    public Task ConsumeAsync(
        string topic, string group, int member, int members, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        member >= FailsFrom
            ? throw new InvalidOperationException("this member fails")
            : Task.WhenAll(Enumerable.Range(0, Partitions).Where(partition => partition % members == member).Select(async partition =>
            {
                var queue = QueueOf(group, partition);
                await foreach (var body in queue.Reader.ReadAllAsync(stopping)) await handle(partition, [body]);
            }));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private Channel<ReadOnlyMemory<byte>> QueueOf(string group, int partition)
    {
        lock (_gate) return _queues[(group, partition)] = Channel.CreateUnbounded<ReadOnlyMemory<byte>>();
    }
}
