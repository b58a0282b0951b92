using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>The port over an <see cref="InMemoryBroker"/>. For unit tests; nothing outlives the process.</summary>
public sealed class InMemoryTransport(InMemoryBroker broker, TimeProvider time) : ITransport
{
    private static readonly TimeSpan ShortestPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(string Topic, string Group), int> _subscriptions = new();

    /// <inheritdoc/>
    public string Name => "in-memory";

    /// <inheritdoc/>
    public TransportCapabilities Capabilities { get; } = new()
    {
        Order = OrderScope.Partition,
        DeduplicationWindow = TimeSpan.MaxValue,
        DelayedDelivery = false,
        ReplayByPosition = false,
        ReplayByTime = false,
        FiltersByType = false,
        Transactions = false,
        Durable = false,
        FsyncBeforeAcknowledge = false,
        LargestMessageBytes = 1024 * 1024,
    };

    /// <inheritdoc/>
    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        foreach (var topic in topics)
            broker.Ensure(topic);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(batch);
        cancellationToken.ThrowIfCancellationRequested();
        var failures = new List<PublishFailure>();
        for (var i = 0; i < batch.Count; i++)
        {
            var (topic, message) = batch[i];
            var attributes = new List<KeyValuePair<string, string>>();
            CloudEvents.Write(message, attributes, static (list, name, value) => list.Add(new(name, value)));
            var size = message.Body.Length + attributes.Sum(attribute => attribute.Key.Length + attribute.Value.Length);
            if (size > Capabilities.LargestMessageBytes)
                failures.Add(new PublishFailure(i, new MessageTooLargeException(message.Id, size, Capabilities.LargestMessageBytes)));
            else
                broker.Append(topic, message.PartitionKey, message.Id, attributes, message.Body);
        }

        return Task.FromResult(failures.Count == 0 ? PublishOutcome.AllAcknowledged : new PublishOutcome(failures));
    }

    /// <inheritdoc/>
    public async Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        ArgumentNullException.ThrowIfNull(handler);
        var partitions = broker.PartitionsOf(subscription.Topic);
        _subscriptions[(subscription.Topic, subscription.Group)] = partitions;
        await Task.WhenAll(Enumerable.Range(0, partitions).Select(partition => ConsumePartitionAsync(subscription, partition, handler, stopping)));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new(
        _subscriptions.SelectMany(subscription => Enumerable.Range(0, subscription.Value).Select(partition => new PartitionLag(
            subscription.Key.Topic, subscription.Key.Group, partition, broker.Lag(subscription.Key.Topic, subscription.Key.Group, partition)))).ToArray());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => default;

    private async Task ConsumePartitionAsync(Subscription subscription, int partition, PartitionHandler handler, CancellationToken stopping)
    {
        var (topic, group) = (subscription.Topic, subscription.Group);
        var pause = ShortestPause;
        while (!stopping.IsCancellationRequested)
        {
            var (batch, appended) = broker.Next(topic, group, partition, subscription.MaxBatch);
            if (batch.Count == 0)
            {
                await appended.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                continue;
            }

            try
            {
                await handler(new PartitionBatch(topic, group, partition, batch), CancellationToken.None);
                broker.Settle(topic, group, partition, batch[^1].Position);
                pause = ShortestPause;
            }
#pragma warning disable CA1031 // The port's contract: whatever a handler throws, its batch is handed over again.
            catch (Exception)
#pragma warning restore CA1031
            {
                await Task.Delay(pause, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }
}

/// <summary>Offers the in-memory transport.</summary>
public static class InMemoryRegistration
{
    /// <summary>
    /// Offers the transport <c>in-memory</c>, for unit tests; the topics live in the registered <see cref="InMemoryBroker"/>, or in
    /// one of this host's own.
    /// </summary>
    public static MessagingBuilder UseInMemory(this MessagingBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddTransport("in-memory", services => new InMemoryTransport(
            services.GetService<InMemoryBroker>() ?? new InMemoryBroker(), services.GetRequiredService<TimeProvider>()));
    }
}
