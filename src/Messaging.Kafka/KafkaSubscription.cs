using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// One subscription: a consumer in its group, read on a thread of its own, and a pump for each partition that the group gave it.
/// Offsets are stored after the handler has returned, committed every <see cref="KafkaTransportOptions.CommitInterval"/>, when
/// a partition is taken away, and at the end.
/// </summary>
internal sealed partial class KafkaSubscription : IDisposable
{
    private const int PollMilliseconds = 100;
    private const int PollWhilePausedMilliseconds = 10;
    private const int CheckMilliseconds = 1_000;

    // Pausing a partition throws away what librdkafka has fetched of it. A handler that is merely busy gets this long first.
    private static readonly TimeSpan PatienceBeforePause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestRestartPause = TimeSpan.FromSeconds(5);

    private readonly Subscription _subscription;
    private readonly PartitionHandler _handler;
    private readonly ConsumerConfig _config;
    private readonly TimeSpan _requestTimeout;
    private readonly ILogger _logger;
    private readonly OwnedPartitions _owned;
    private readonly HashSet<TopicPartition> _paused = [];
    private readonly ManualResetEventSlim _taken = new();

    // Held while the consumer is asked for positions by another thread, so that it is not closed under the question.
    private readonly Lock _open = new();
    private IConsumer<byte[]?, byte[]?>? _consumer;
    private long _nextCheck;

    public KafkaSubscription(
        Subscription subscription, PartitionHandler handler, ConsumerConfig config, KafkaTransportOptions options, TimeProvider time, ILogger logger)
    {
        (_subscription, _handler, _config, _requestTimeout, _logger) = (subscription, handler, config, options.RequestTimeout, logger);
        _owned = new OwnedPartitions(subscription, HandleAsync, options.StopTimeout, time, logger);
    }

    /// <summary>Consumes until <paramref name="stopping"/>. <paramref name="aborting"/> cuts the handlers' time to finish short.</summary>
    /// <exception cref="TransportException">The topic cannot be read.</exception>
    public Task RunAsync(CancellationToken stopping, CancellationToken aborting) =>
        DedicatedThread.RunAsync($"kafka {_subscription.Group} {_subscription.Topic}", () => Run(stopping, aborting));

    /// <summary>What is not settled yet, by owned partition. Asks the brokers.</summary>
    public Task<List<PartitionLag>> ReadLagAsync() => DedicatedThread.RunAsync("kafka lag", ReadLag);

    /// <summary>Only after <see cref="RunAsync"/>'s task has ended.</summary>
    public void Dispose() => _taken.Dispose();

    private void Run(CancellationToken stopping, CancellationToken aborting)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        var checkedTopic = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                using var consumer = Open(stopping, aborting);
                try
                {
                    if (!checkedTopic)
                        CheckTopic(consumer);
                    checkedTopic = true;
                    consumer.Subscribe(_subscription.Topic);
                    while (!stopping.IsCancellationRequested)
                    {
                        Poll(consumer);
                        CheckPumps();
                    }
                }
                finally
                {
                    Close(consumer, aborting);
                }
            }
            catch (KafkaException exception) when (checkedTopic && !stopping.IsCancellationRequested)
            {
                LogRestart(exception, _subscription.Topic, _subscription.Group, pause);
                stopping.WaitHandle.WaitOne(pause);
                pause = pause * 2 < LongestRestartPause ? pause * 2 : LongestRestartPause;
            }
            catch (KafkaException exception)
            {
                throw new TransportException($"Group {_subscription.Group} cannot consume {_subscription.Topic} from Kafka: {exception.Error.Reason}", exception);
            }
        }
    }

    private IConsumer<byte[]?, byte[]?> Open(CancellationToken stopping, CancellationToken aborting)
    {
        var consumer = new ConsumerBuilder<byte[]?, byte[]?>(_config)
            .SetPartitionsAssignedHandler((consumer, partitions) => _owned.Add(consumer, partitions, stopping))
            .SetPartitionsRevokedHandler((consumer, partitions) => Revoke(consumer, partitions.ConvertAll(offset => offset.TopicPartition), aborting))
            .SetPartitionsLostHandler((_, partitions) => Lose(partitions.ConvertAll(offset => offset.TopicPartition)))
            .SetErrorHandler((_, error) => LogError(error.Code, error.Reason))
            .SetLogHandler((_, line) => KafkaLog.Forward(_logger, line))
            .Build();
        lock (_open)
            _consumer = consumer;
        return consumer;
    }

    private void CheckTopic(IConsumer<byte[]?, byte[]?> consumer)
    {
        using var admin = new DependentAdminClientBuilder(consumer.Handle).Build();
        var topic = admin.GetMetadata(_requestTimeout).Topics.Find(topic => topic.Topic == _subscription.Topic);
        if (topic is null)
            throw new TransportException($"Group {_subscription.Group} cannot consume {_subscription.Topic}: Kafka has no such topic.");
    }

    private void Poll(IConsumer<byte[]?, byte[]?> consumer)
    {
        ConsumeResult<byte[]?, byte[]?>? result;
        try
        {
            result = consumer.Consume(_paused.Count > 0 ? PollWhilePausedMilliseconds : PollMilliseconds);
        }
        catch (ConsumeException exception) when (!exception.Error.IsFatal)
        {
            LogError(exception.Error.Code, exception.Error.Reason);
            return;
        }

        if (result is not null)
            Dispatch(consumer, result);
        if (_paused.Count > 0)
            ResumeDrained(consumer);
    }

    /// <summary>A pump that could not store its offset has stopped. If the group took no partition away, the consumer is at fault.</summary>
    private void CheckPumps()
    {
        if (Environment.TickCount64 < _nextCheck)
            return;
        _nextCheck = Environment.TickCount64 + CheckMilliseconds;
        if (_owned.Failure is { } failure)
            throw failure;
    }

    private void Dispatch(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> result)
    {
        if (!_owned.TryGet(result.Partition.Value, out var pump))
            return;
        pump.Add(KafkaRecords.ToDelivery(result));
        if (!pump.IsFull || WaitForRoom(pump) || !_paused.Add(result.TopicPartition))
            return;
        consumer.Pause([result.TopicPartition]);
    }

    private bool WaitForRoom(PartitionPump pump)
    {
        _taken.Reset();
        if (pump.IsFull)
            _taken.Wait(PatienceBeforePause);
        return !pump.IsFull;
    }

    private void ResumeDrained(IConsumer<byte[]?, byte[]?> consumer)
    {
        var drained = _paused.Where(partition => _owned.TryGet(partition.Partition.Value, out var pump) && pump.HasRoom).ToList();
        if (drained.Count == 0)
            return;
        consumer.Resume(drained);
        _paused.ExceptWith(drained);
    }

    private Task HandleAsync(PartitionBatch batch, CancellationToken cancellationToken)
    {
        _taken.Set();
        return _handler(batch, cancellationToken);
    }

    /// <summary>The partitions go to others once this returns: first the batches in hand are finished and their offsets committed.</summary>
    private void Revoke(IConsumer<byte[]?, byte[]?> consumer, List<TopicPartition> partitions, CancellationToken aborting)
    {
        _paused.ExceptWith(partitions);
        _owned.Finish(partitions, aborting);
        try
        {
            consumer.Commit();
        }
        catch (KafkaException exception) when (exception.Error.Code == ErrorCode.Local_NoOffset)
        {
            // Nothing was settled since the last commit.
        }
        catch (KafkaException exception)
        {
            LogCommitFailed(exception, _subscription.Topic, _subscription.Group);
        }
    }

    private void Lose(List<TopicPartition> partitions)
    {
        _paused.ExceptWith(partitions);
        _owned.Lose(partitions);
    }

    /// <summary>Leaves the group. Its revocation callback lets the handlers in hand finish and commits.</summary>
    private void Close(IConsumer<byte[]?, byte[]?> consumer, CancellationToken aborting)
    {
        try
        {
            consumer.Close();
        }
        catch (KafkaException exception)
        {
            LogCommitFailed(exception, _subscription.Topic, _subscription.Group);
        }

        // A consumer that died of a fatal error closes without a callback.
        var left = OwnedNow();
        if (left.Count > 0)
            Lose(left);
        lock (_open)
            _consumer = null;
    }

    private List<PartitionLag> ReadLag()
    {
        lock (_open)
        {
            if (_consumer is not { } consumer)
                return [];
            var partitions = OwnedNow();
            if (partitions.Count == 0)
                return [];
            try
            {
                return consumer.Committed(partitions, _requestTimeout).ConvertAll(committed => LagOf(consumer, committed));
            }
            catch (KafkaException exception)
            {
                throw new TransportException($"Kafka did not tell the lag of group {_subscription.Group}: {exception.Error.Reason}", exception);
            }
        }
    }

    private List<TopicPartition> OwnedNow() => [.. _owned.Numbers.Select(partition => new TopicPartition(_subscription.Topic, partition))];

    private PartitionLag LagOf(IConsumer<byte[]?, byte[]?> consumer, TopicPartitionOffset committed)
    {
        var watermarks = consumer.QueryWatermarkOffsets(committed.TopicPartition, _requestTimeout);
        var next = committed.Offset.IsSpecial ? watermarks.Low.Value : committed.Offset.Value;
        if (_owned.TryGet(committed.Partition.Value, out var pump))
            next = Math.Max(next, pump.Settled + 1);
        return new PartitionLag(_subscription.Topic, _subscription.Group, committed.Partition.Value, Math.Max(0, watermarks.High.Value - next));
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "Kafka consumer: {Code} {Reason}")]
    private partial void LogError(ErrorCode code, string reason);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "The consumer of {Topic} in group {Group} is lost; a new one is made after {Pause}")]
    private partial void LogRestart(Exception exception, string topic, string group, TimeSpan pause);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "The settled position of {Topic} in group {Group} could not be committed; its last messages will come again")]
    private partial void LogCommitFailed(Exception exception, string topic, string group);
}
