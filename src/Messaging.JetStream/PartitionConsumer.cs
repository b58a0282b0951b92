using Messaging.JetStream.Leases;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// Consumes one partition as its owner, as long as there is a lease. One epoch is one consumer and one pump; when the connection or
/// the consumer is lost, or a delivery is missing, the next begins behind the settled position.
/// </summary>
internal sealed partial class PartitionConsumer(
    JetStreamLink link,
    JetStreamTopics topics,
    Subscription subscription,
    int partition,
    int partitions,
    PartitionHandler handler,
    JetStreamTransportOptions options,
    TimeProvider time,
    ILogger logger)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    // Soon at first: a consumer may go away before it was asked for anything.
    private static readonly TimeSpan LooksFirst = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LooksAgain = TimeSpan.FromSeconds(10);

    private readonly ConsumerEpochs _epochs = new(link, subscription, partition, options, logger);
    private INatsJSConsumer? _consumer;
    private CancellationToken _lost;
    private volatile TopicChangedException? _change;

    /// <summary>Begins an epoch.</summary>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        _lost = link.Lost;
        await link.WaitUntilOpenAsync(cancellationToken);
        var consumer = await _epochs.BeginAsync(cancellationToken);
        Volatile.Write(ref _consumer, consumer);
        LogOwned(subscription.Group, partition, subscription.Topic, consumer.Info.Name, _epochs.Settled);
    }

    /// <summary>Consumes until the lease is to be given back or is lost.</summary>
    public async Task RunAsync(Lease lease)
    {
        var pause = FirstPause;
        for (var isFirst = true; !lease.Ending.IsCancellationRequested; isFirst = false)
        {
            try
            {
                // Whatever ended the last epoch may have been the next owner.
                if (!isFirst)
                    await lease.RenewedAsync(lease.Ending);
                if (_consumer is null)
                    await OpenAsync(lease.Ending);
                if (await OwnAsync(lease))
                    pause = FirstPause;
            }
            catch (OperationCanceledException) when (lease.Ending.IsCancellationRequested)
            {
                // The end that was asked for.
            }
#pragma warning disable CA1031 // Nobody starts an ended partition again while its siblings go on: whatever went wrong, it is told and tried anew.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogFailed(exception, subscription.Group, partition, subscription.Topic, pause);
            }

            Volatile.Write(ref _consumer, null);
            if (lease.Ending.IsCancellationRequested)
                break;
            await Task.Delay(pause, time, lease.Ending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        // Also where the lease had ended before anything began: by the next one, another may have owned the partition.
        Volatile.Write(ref _consumer, null);
    }

    /// <summary>What is not settled yet; null while there is no consumer to ask.</summary>
    /// <exception cref="TopicChangedException">The topic has another number of partitions now.</exception>
    /// <exception cref="TransportException">The server does not tell.</exception>
    public async Task<PartitionLag?> ReadLagAsync(CancellationToken cancellationToken)
    {
        if (_change is { } change)
            throw change;
        if (Volatile.Read(ref _consumer) is not { } consumer)
            return null;
        try
        {
            var info = (await link.JetStream.GetConsumerAsync(consumer.Info.StreamName, consumer.Info.Name, cancellationToken)).Info;
            return new PartitionLag(subscription.Topic, subscription.Group, partition, (long)info.NumPending + info.NumAckPending);
        }
        catch (NatsException exception)
        {
            throw new TransportException($"NATS at {link.Url} did not tell the lag of group {subscription.Group}: {exception.Message}", exception);
        }
    }

    /// <summary>One epoch, to its end. True when at least one message came.</summary>
    private async Task<bool> OwnAsync(Lease lease)
    {
        var held = new HeldMessages();
        var isConfirmed = subscription.Mode == DeliveryMode.AtMostOnce;
        using var pump = new PartitionPump(
            subscription, partition, handler, (last, token) => held.SettleAsync(last, isConfirmed, token), time, logger, lease.Ending);
        using var abandoning = lease.Lost.Register(pump.Abandon);
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(lease.Ending, _lost);
        try
        {
            var read = ReadAsync(_consumer!, pump, held, reading.Token);
            var watch = WatchAsync(_consumer!, reading.Token);
            await Task.WhenAny(read, pump.Completion, watch);
            await reading.CancelAsync();
            await watch;
            await read;
        }
        catch (NatsJSProtocolException)
        {
            // Somebody removed the consumer: the partition is theirs, and what is in hand must not be settled.
            LogRemoved(subscription.Group, partition, subscription.Topic);
            pump.Abandon();
        }
        finally
        {
            pump.Finish();
            await FinishAsync(pump);
            _epochs.Settle(held.Settled);
        }

        if (lease.Ending.IsCancellationRequested && !lease.Lost.IsCancellationRequested)
            await ConfirmAsync(held);
        return held.AnyArrived;
    }

    private async Task ReadAsync(INatsJSConsumer consumer, PartitionPump pump, HeldMessages held, CancellationToken cancellationToken)
    {
        var prefetch = new NatsJSConsumeOpts { MaxMsgs = subscription.Prefetch + subscription.MaxBatch, IdleHeartbeat = TimeSpan.FromSeconds(5) };
        await foreach (var message in consumer.ConsumeAsync(BodyBytes.Instance, prefetch, cancellationToken))
        {
            if (message.Metadata is not { } metadata)
                continue;
            if (!held.Add(message, metadata, out var isRepeated))
            {
                LogGap(subscription.Group, partition, subscription.Topic, metadata.Sequence.Stream);
                return;
            }

            if (!isRepeated)
                pump.Add(await StoredMessages.ToDeliveryAsync(link, subscription.Topic, partition, metadata.Sequence.Stream, message, cancellationToken));
        }
    }

    /// <summary>
    /// Ends when the consumer is gone. The server tells only those who have a request open, which one whose prefetch is full has
    /// not, and answers nothing to later requests.
    /// </summary>
    private async Task WatchAsync(INatsJSConsumer consumer, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LooksFirst, time);
        while (await WaitAsync(timer, cancellationToken))
        {
            try
            {
                timer.Period = LooksAgain;
                await consumer.RefreshAsync(cancellationToken);
                var now = await topics.CountPartitionsAsync(subscription.Topic, cancellationToken);
                if (now != partitions && _change is null)
                    LogChanged(subscription.Topic, partitions, now, subscription.Group);
                _change = now != partitions ? new TopicChangedException(subscription.Topic, partitions, now) : null;
            }
            catch (Exception exception) when (exception is TopicNotFoundException
                or NatsJSApiException { Error.ErrCode: ConsumerEpochs.ConsumerNotFound or JetStreamTopics.StreamNotFound })
            {
                LogRemoved(subscription.Group, partition, subscription.Topic);
                return;
            }
            catch (Exception exception) when (exception is NatsException or TransportException or OperationCanceledException)
            {
                LogUnknown(exception, subscription.Group, partition, subscription.Topic);
            }
        }
    }

    private static async Task<bool> WaitAsync(PeriodicTimer timer, CancellationToken cancellationToken)
    {
        Task<bool> tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        await ((Task)tick).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return tick.IsCompletedSuccessfully && !cancellationToken.IsCancellationRequested;
    }

    private async Task FinishAsync(PartitionPump pump)
    {
        try
        {
            await pump.Completion.WaitAsync(options.StopTimeout, time);
        }
        catch (TimeoutException)
        {
            pump.Abandon();
            await pump.Completion;
        }
    }

    /// <summary>Makes sure that the server has the last acknowledgement, so that the next owner finds the position.</summary>
    private async Task ConfirmAsync(HeldMessages held)
    {
        try
        {
            using var timeout = new CancellationTokenSource(options.RequestTimeout, time);
            await held.ConfirmAsync(timeout.Token);
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException)
        {
            LogUnconfirmed(exception, subscription.Group, partition, subscription.Topic);
        }
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Debug, Message = "Group {Group} owns partition {Partition} of {Topic} as {Consumer}, settled up to {Settled}")]
    private partial void LogOwned(string group, int partition, string topic, string consumer, ulong settled);

    [LoggerMessage(EventId = 21, Level = LogLevel.Warning, Message = "Group {Group} cannot consume partition {Partition} of {Topic} and tries again after {Pause}")]
    private partial void LogFailed(Exception exception, string group, int partition, string topic, TimeSpan pause);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "The consumer of group {Group} on partition {Partition} of {Topic} was removed")]
    private partial void LogRemoved(string group, int partition, string topic);

    [LoggerMessage(EventId = 23, Level = LogLevel.Warning, Message = "Group {Group} misses a delivery on partition {Partition} of {Topic} before {Position} and begins again behind the settled position")]
    private partial void LogGap(string group, int partition, string topic, ulong position);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "The settled position of group {Group} on partition {Partition} of {Topic} was not confirmed; its last messages may come again")]
    private partial void LogUnconfirmed(Exception exception, string group, int partition, string topic);

    [LoggerMessage(EventId = 26, Level = LogLevel.Error, Message = "Topic {Topic} had {Before} partitions and has {Now} now; group {Group} consumes those it knows until this process starts anew")]
    private partial void LogChanged(string topic, int before, int now, string group);

    [LoggerMessage(EventId = 27, Level = LogLevel.Debug, Message = "Group {Group} does not know whether its consumer on partition {Partition} of {Topic} is still there")]
    private partial void LogUnknown(Exception exception, string group, int partition, string topic);
}
