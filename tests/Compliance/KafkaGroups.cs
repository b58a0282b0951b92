using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>Kafka's own group protocol at work: partitions move between instances.</summary>
public sealed class KafkaGroups(Servers servers)
{
    [Fact]
    public async Task Partitions_move_to_a_second_instance_and_back_without_loss_or_disorder()
    {
        var servers1 = await servers.KafkaAsync();
        var options = new KafkaTransportOptions { SessionTimeout = TimeSpan.FromSeconds(6) };
        await using var first = new KafkaTransport(servers1, options, NullLoggerFactory.Instance, TimeProvider.System);
        await using var second = new KafkaTransport(servers1, options, NullLoggerFactory.Instance, TimeProvider.System);
        var topic = new TopicDefinition($"t{Guid.NewGuid():N}.events");
        await first.EnsureTopicsAsync([topic], TestContext.Current.CancellationToken);
        var subscription = new Subscription(topic.Name, "group-" + topic.Name, MaxBatch: 10, Prefetch: 20);
        var handled = new List<Delivery>();

        await using var one = Consumption.Start(first, subscription, RecordAsync);
        await PublishAsync(0, 50);
        await one.HandledAsync(200);
        await using (var two = Consumption.Start(second, subscription, RecordAsync))
        {
            var next = 50;
            await EventuallyAsync(async () =>
            {
                if (next < 400)
                    await PublishAsync(next++, 1);
                return two.Deliveries.Count > 0;
            });
            await PublishAsync(next, 500 - next);
            await EventuallyAsync(() => Task.FromResult(Count() >= 2_000));
            one.Batches[^1].Partition.ShouldNotBe(two.Batches[^1].Partition);
            await two.StopAsync();
        }

        await PublishAsync(500, 50);
        await EventuallyAsync(() => Task.FromResult(Count() >= 2_200));
        foreach (var key in Messages.KeyPerPartition)
            Snapshot().Numbers(key).ShouldBe(Enumerable.Range(0, 550), "each message once and in order, whoever owned its partition");

        Task RecordAsync(PartitionBatch batch, CancellationToken cancellationToken)
        {
            lock (handled)
                handled.AddRange(batch.Deliveries);
            return Task.CompletedTask;
        }

        async Task PublishAsync(int from, int count) => (await first.PublishAsync(
            [.. Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(topic.Name, key, from, count))], TestContext.Current.CancellationToken))
            .Succeeded.ShouldBeTrue();

        int Count() => Snapshot().Count;

        List<Delivery> Snapshot()
        {
            lock (handled)
                return [.. handled];
        }
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
