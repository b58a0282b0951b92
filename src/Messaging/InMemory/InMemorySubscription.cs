using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>One member of a group on an <see cref="InMemoryBroker"/>.</summary>
internal sealed class InMemorySubscription(
    InMemoryBroker broker, Subscription subscription, PartitionHandler handler, TimeProvider time, ILogger logger)
{
    private readonly int _partitions = broker.PartitionsOf(subscription.Topic);

    /// <summary>Consumes until <paramref name="stopping"/>; <paramref name="aborting"/> gives up what is in hand.</summary>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        Change(group => group.Members.Add(this));
        try
        {
            await Task.WhenAll(Enumerable.Range(0, _partitions).Select(partition => ConsumeAsync(partition, stopping, aborting)));
        }
        finally
        {
            Change(group => group.Members.Remove(this));
        }
    }

    public IEnumerable<PartitionLag> ReadLag()
    {
        var ends = broker.EndsOf(subscription.Topic);
        return Look(group => Enumerable.Range(0, _partitions).Where(partition => group.Owns(this, partition))
            .Select(partition => new PartitionLag(subscription.Topic, subscription.Group, partition, Math.Max(0, ends[partition] - group.Next[partition])))
            .ToArray());
    }

    private async Task ConsumeAsync(int partition, CancellationToken stopping, CancellationToken aborting)
    {
        while (!stopping.IsCancellationRequested)
        {
            var changed = broker.Changed;
            if (Look(group => group.TryOwn(this, partition)))
                await OwnAsync(partition, stopping, aborting);
            else
                await changed.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task OwnAsync(int partition, CancellationToken stopping, CancellationToken aborting)
    {
        using var pump = new PartitionPump(subscription, partition, handler, SettleAsync, time, logger, stopping);
        using var abandoning = aborting.Register(pump.Abandon);
        var next = Look(group => group.Next[partition]);
        while (!stopping.IsCancellationRequested && Look(group => group.IsAssigned(this, partition)))
        {
            var changed = broker.Changed;
            var deliveries = pump.IsFull ? [] : broker.Read(subscription.Topic, partition, next, most: subscription.MaxBatch);
            foreach (var delivery in deliveries)
                pump.Add(delivery);
            next += deliveries.Count;
            Look(group => group.Taken[partition] = next);
            if (deliveries.Count == 0)
                await changed.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        pump.Finish();
        await pump.Completion;
        Change(group => group.Release(this, partition));

        ValueTask SettleAsync(Delivery last, CancellationToken lost)
        {
            Change(group => group.Next[partition] = last.Position + 1);
            return ValueTask.CompletedTask;
        }
    }

    private T Look<T>(Func<InMemoryGroup, T> look) => broker.InGroup(subscription.Topic, subscription.Group, look);

    private void Change(Action<InMemoryGroup> change)
    {
        Look(group =>
        {
            change(group);
            return true;
        });
        broker.SignalChange();
    }
}
