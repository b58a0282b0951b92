using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// The partitions that the group has given to a subscription, each with its pump. Changed by the consumer's thread only,
/// which may block here: the group waits for it when partitions move.
/// </summary>
internal sealed partial class OwnedPartitions(
    Subscription subscription, PartitionHandler handler, TimeSpan stopTimeout, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<int, PartitionPump> _pumps = new();

    public IEnumerable<int> Numbers => _pumps.Keys.Order();

    public bool TryGet(int partition, [MaybeNullWhen(false)] out PartitionPump pump) => _pumps.TryGetValue(partition, out pump);

    /// <summary>Why a pump has stopped although its partition was not taken away; null when none has.</summary>
    public Exception? Failure => _pumps.Values.Select(pump => pump.Completion.Exception?.InnerException).FirstOrDefault(failure => failure is not null);

    /// <summary>Starts a pump for each partition; it stores its offset in <paramref name="consumer"/>.</summary>
    public void Add(IConsumer<byte[]?, byte[]?> consumer, List<TopicPartition> partitions, CancellationToken stopping)
    {
        foreach (var partition in partitions)
        {
            _pumps[partition.Partition.Value] = new PartitionPump(subscription, partition.Partition.Value, handler, Settle, time, logger, stopping);
            LogAdded(subscription.Topic, subscription.Group, partition.Partition.Value);

            async ValueTask Settle(Delivery last, CancellationToken lost)
            {
                var position = new TopicPartitionOffset(partition, last.Position + 1);
                consumer.StoreOffset(position);
                // What is to come at most once has to be behind the group before it is handled; else a crash would repeat it.
                if (subscription.Mode == DeliveryMode.AtMostOnce)
                    await DedicatedThread.RunAsync("kafka commit", () => consumer.Commit([position]));
            }
        }
    }

    /// <summary>Lets the batches in hand finish and settle, for as long as they may take, and stops the pumps.</summary>
    public void Finish(List<TopicPartition> partitions, CancellationToken aborting)
    {
        var pumps = Take(partitions);
        foreach (var pump in pumps)
            pump.Finish();
        using (aborting.Register(() => pumps.ForEach(pump => pump.Abandon())))
        {
            if (!DedicatedThread.WaitFor(Ended(pumps), stopTimeout))
                pumps.ForEach(pump => pump.Abandon());
            DedicatedThread.WaitFor(Ended(pumps), Timeout.InfiniteTimeSpan);
        }

        Release(pumps);
    }

    /// <summary>The partitions are others' already: whatever is in hand must not be settled.</summary>
    public void Lose(List<TopicPartition> partitions)
    {
        var pumps = Take(partitions);
        pumps.ForEach(pump => pump.Abandon());
        DedicatedThread.WaitFor(Ended(pumps), Timeout.InfiniteTimeSpan);
        Release(pumps);
        LogLost(subscription.Topic, subscription.Group, string.Join(", ", partitions.Select(partition => partition.Partition.Value)));
    }

    private List<PartitionPump> Take(List<TopicPartition> partitions)
    {
        var taken = new List<PartitionPump>();
        foreach (var partition in partitions)
        {
            if (_pumps.TryRemove(partition.Partition.Value, out var pump))
                taken.Add(pump);
        }

        return taken;
    }

    private void Release(List<PartitionPump> ended)
    {
        foreach (var pump in ended)
        {
            if (pump.Completion.Exception?.InnerException is { } exception)
                LogNotSettled(exception, subscription.Topic, subscription.Group);
            pump.Dispose();
        }
    }

    private static Task Ended(List<PartitionPump> pumps) => Task.WhenAll(pumps.Select(pump => pump.Completion));

    [LoggerMessage(EventId = 22, Level = LogLevel.Debug, Message = "Group {Group} owns partition {Partition} of {Topic}")]
    private partial void LogAdded(string topic, string group, int partition);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning, Message = "Group {Group} has lost partitions {Partitions} of {Topic} to another owner")]
    private partial void LogLost(string topic, string group, string partitions);

    [LoggerMessage(EventId = 25, Level = LogLevel.Warning, Message = "A finished batch of {Topic} in group {Group} could not be settled; its messages will come again")]
    private partial void LogNotSettled(Exception exception, string topic, string group);
}
