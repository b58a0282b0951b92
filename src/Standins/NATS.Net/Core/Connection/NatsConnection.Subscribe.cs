using System.Runtime.CompilerServices;

namespace Standins.NATS.Client.Core;

/// <summary>Subscribing.</summary>
public sealed partial class NatsConnection
{
    /// <inheritdoc />
    public IAsyncEnumerable<NatsMsg<T>> SubscribeAsync<T>(
        string subject, string? queueGroup = default, INatsDeserialize<T>? serializer = default, NatsSubOpts? opts = default,
        CancellationToken cancellationToken = default)
    {
        // Not at the first step: a wrong subject should be seen by whoever wrote it.
        CheckSubject(subject);
        CheckQueueGroup(queueGroup);
        return EnumerateAsync(subject, queueGroup, serializer, opts, cancellationToken);
    }

    /// <inheritdoc />
    public async ValueTask<INatsSub<T>> SubscribeCoreAsync<T>(
        string subject, string? queueGroup = default, INatsDeserialize<T>? serializer = default, NatsSubOpts? opts = default,
        CancellationToken cancellationToken = default)
    {
        CheckSubject(subject);
        CheckQueueGroup(queueGroup);
        cancellationToken.ThrowIfCancellationRequested();
        serializer ??= Opts.SerializerRegistry.GetDeserializer<T>();
        var subscription = new ChannelSubscription<T>(this, subject, queueGroup, serializer, opts?.ChannelOpts);
        await AddAsync(subscription, cancellationToken);
        subscription.EndOn(cancellationToken);
        return subscription;
    }

    /// <summary>Registers a subscription and tells the server; it is renewed on every reconnect until it is removed.</summary>
    internal async ValueTask AddAsync(Subscription subscription, CancellationToken cancellationToken)
    {
        await WaitForOpenAsync(cancellationToken);
        Add(subscription);
    }

    /// <summary>Tells the server to stop; what it has sent before is dropped, or still received until the connection ends.</summary>
    internal void Remove(Subscription subscription, bool keepReceiving = false)
    {
        if (keepReceiving ? _subscriptions.ContainsKey(subscription.Sid) : _subscriptions.TryRemove(subscription.Sid, out _))
            _writer.Enqueue(subscription.UnsubscribeCommand());
    }

    private static void CheckQueueGroup(string? queueGroup)
    {
        if (queueGroup is not null && (queueGroup.Length == 0 || queueGroup.AsSpan().ContainsAny(Whitespace)))
            throw new NatsException("Queue group is invalid.");
    }

    // Cancellation ends the subscription, and that the enumeration: what has arrived is still delivered, and nothing is thrown.
    private async IAsyncEnumerable<NatsMsg<T>> EnumerateAsync<T>(
        string subject, string? queueGroup, INatsDeserialize<T>? serializer, NatsSubOpts? opts,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var subscription = await SubscribeCoreAsync(subject, queueGroup, serializer, opts, cancellationToken);
        await foreach (var message in subscription.Msgs.ReadAllAsync(CancellationToken.None))
            yield return message;
    }

    private void Add(Subscription subscription)
    {
        subscription.Sid = Interlocked.Increment(ref _lastSid);
        // Registered first: a reconnect in between subscribes a second time under the same id, which the server ignores.
        _subscriptions[subscription.Sid] = subscription;
        if (!_writer.Enqueue(subscription.SubscribeCommand()))
            throw Over();
    }
}
