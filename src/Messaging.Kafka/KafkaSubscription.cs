using System.Collections.Concurrent;
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
    private const int CheckMilliseconds = 100;

    // Pausing a partition throws away what librdkafka has fetched of it. A handler that is merely busy gets this long first.
    private static readonly TimeSpan PatienceBeforePause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestRestartPause = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastSilence = TimeSpan.FromSeconds(5);

    // A new group lets its first members wait for three seconds (group.initial.rebalance.delay.ms).
    private static readonly TimeSpan LongestWaitForShare = TimeSpan.FromSeconds(5);

    // A consumer that nobody holds any more is finalized, which ends its client as well.
    private static readonly ConcurrentDictionary<IConsumer<byte[]?, byte[]?>, bool> LeftOpen = new();

    private readonly Subscription _subscription;
    private readonly PartitionHandler _handler;
    private readonly ConsumerConfig _config;
    private readonly TimeSpan _requestTimeout;
    private readonly TimeSpan _closeTimeout;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly OwnedPartitions _owned;
    private readonly HashSet<TopicPartition> _paused = [];
    private readonly ManualResetEventSlim _taken = new();
    private readonly ConsumerInsight _insight;
    private readonly ClientFailures _failures = new();
    private Task _thread = Task.CompletedTask;
    private long _nextCheck;
    private bool _toldGrowth;
    private volatile bool _isJoining;

    public KafkaSubscription(
        Subscription subscription, PartitionHandler handler, ConsumerConfig config, KafkaTransportOptions options, TimeProvider time, ILogger logger)
    {
        (_subscription, _handler, _config, _time, _logger) = (subscription, handler, config, time, logger);
        (_requestTimeout, _closeTimeout) = (options.RequestTimeout, options.StopTimeout + (2 * options.RequestTimeout));
        _owned = new OwnedPartitions(subscription, HandleAsync, options.StopTimeout, time, logger);
        _insight = new ConsumerInsight(subscription.Topic, SilenceTolerated(config));
    }

    /// <summary>Consumes until <paramref name="stopping"/>. <paramref name="aborting"/> cuts the handlers' time to finish short.</summary>
    /// <exception cref="TransportException">The topic cannot be read.</exception>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = stopping.Register(stopped.SetResult);
        var thread = _thread = DedicatedThread.RunAsync($"kafka {_subscription.Group} {_subscription.Topic}", () => Run(stopping, aborting));
        if (await Task.WhenAny(thread, stopped.Task) == thread)
        {
            await thread;
            return;
        }

        var limit = _isJoining && LongestWaitForShare < _closeTimeout ? LongestWaitForShare : _closeTimeout;
        try
        {
            await thread.WaitAsync(limit, _time, CancellationToken.None);
        }
        catch (TimeoutException)
        {
            // librdkafka repeats its last commit for as long as the broker hangs, and a member may wait long for its share. The thread ends
            // when it has what it waits for, or with the process.
            LogNotClosed(_subscription.Topic, _subscription.Group, limit);
        }
    }

    /// <summary>
    /// What is not settled yet, by owned partition, as of the last fetch. Asks nobody and never blocks. While a partition is held
    /// back because its handler is behind, nothing is fetched: what arrives meanwhile counts once fetching goes on. A partition of
    /// which nothing was fetched yet is left out.
    /// </summary>
    /// <exception cref="TransportException">No broker answers any more, or the topic has grown.</exception>
    public List<PartitionLag> ReadLag()
    {
        if (!_insight.IsAnswered)
            throw new TransportException($"No Kafka broker answers the consumer of {_subscription.Topic} in group {_subscription.Group}.");
        if (_insight.HasGrown)
            throw new TransportException(_insight.Growth);
        var lags = new List<PartitionLag>();
        foreach (var partition in _owned.Numbers)
        {
            if (_owned.TryGet(partition, out var pump) && _insight.Lag(partition, pump.Settled) is { } messages)
                lags.Add(new PartitionLag(_subscription.Topic, _subscription.Group, partition, messages));
        }

        return lags;
    }

    /// <summary>Only after <see cref="RunAsync"/>'s task has ended.</summary>
    public void Dispose()
    {
        if (_thread.IsCompleted)
            _taken.Dispose();
    }

    private void Run(CancellationToken stopping, CancellationToken aborting)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        var checkedTopic = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var consumer = Open(stopping, aborting);
                var failed = true;
                try
                {
                    if (!checkedTopic)
                        _insight.Begin(KafkaTopics.Find(consumer.Handle, _subscription.Topic, _requestTimeout).Partitions.Count);
                    checkedTopic = true;
                    Join(consumer, stopping);
                    while (!stopping.IsCancellationRequested)
                    {
                        Poll(consumer);
                        Check(consumer);
                    }

                    failed = false;
                }
                finally
                {
                    Leave(consumer, failed, aborting);
                }
            }
            catch (Exception exception) when (exception is KafkaException or TransportException && checkedTopic && !stopping.IsCancellationRequested)
            {
                LogRestart(exception, _subscription.Topic, _subscription.Group, pause);
                stopping.WaitHandle.WaitOne(pause);
                pause = pause * 2 < LongestRestartPause ? pause * 2 : LongestRestartPause;
            }
            catch (KafkaException exception)
            {
                throw _failures.Describe($"Group {_subscription.Group} cannot consume {_subscription.Topic} from Kafka at {_config.BootstrapServers}", exception);
            }
        }
    }

    private IConsumer<byte[]?, byte[]?> Open(CancellationToken stopping, CancellationToken aborting)
    {
        _insight.Restart();
        _isJoining = false;
        return new ConsumerBuilder<byte[]?, byte[]?>(_config)
            .SetPartitionsAssignedHandler((consumer, partitions) => Add(consumer, partitions, stopping))
            .SetPartitionsRevokedHandler((consumer, partitions) => Revoke(consumer, partitions.ConvertAll(offset => offset.TopicPartition), aborting))
            .SetPartitionsLostHandler((_, partitions) => Lose(partitions.ConvertAll(offset => offset.TopicPartition)))
            .SetErrorHandler((_, error) => NoteError(error))
            .SetStatisticsHandler((_, json) => _insight.ReadStatistics(json))
            .SetLogHandler((_, line) => KafkaLog.Forward(_logger, line))
            .Build();
    }

    private void Join(IConsumer<byte[]?, byte[]?> consumer, CancellationToken stopping)
    {
        // Before the look at the token: who asks for the stop looks at this.
        _isJoining = !Librdkafka.LeavesInPeace && _config.PartitionAssignmentStrategy == PartitionAssignmentStrategy.CooperativeSticky;
        if (stopping.IsCancellationRequested)
            _isJoining = false;
        else
            consumer.Subscribe(_subscription.Topic);
    }

    /// <summary>
    /// Leaves the group. Where that would end the process (see <see cref="Librdkafka.LeavesInPeace"/>) only after the member has got its
    /// share, however long it takes, and never when its client has <paramref name="failed"/> before.
    /// </summary>
    private void Leave(IConsumer<byte[]?, byte[]?> consumer, bool failed, CancellationToken aborting)
    {
        if (_isJoining)
        {
            LeftOpen.TryAdd(consumer, true);
            if (failed || !GetsShare(consumer))
                return;
            LeftOpen.TryRemove(consumer, out _);
        }

        using (consumer)
            Close(consumer, aborting);
    }

    private bool GetsShare(IConsumer<byte[]?, byte[]?> consumer)
    {
        try
        {
            while (_isJoining)
                Poll(consumer);
            return true;
        }
        catch (KafkaException exception)
        {
            LogError(exception.Error.Code, exception.Error.Reason);
            return false;
        }
    }

    private void NoteError(Error error)
    {
        _failures.Add(error);
        LogError(error.Code, error.Reason);
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
    private void Check(IConsumer<byte[]?, byte[]?> consumer)
    {
        if (Environment.TickCount64 < _nextCheck)
            return;
        _nextCheck = Environment.TickCount64 + CheckMilliseconds;
        _insight.ReadEnds(consumer, OwnedNow());
        if (_insight.HasGrown && !_toldGrowth)
        {
            _toldGrowth = true;
            LogGrown(_insight.Growth);
        }

        if (_owned.Failure is { } failure)
            throw new TransportException($"A partition of {_subscription.Topic} in group {_subscription.Group} came to a stop: {failure.Message}", failure);
    }

    private void Dispatch(IConsumer<byte[]?, byte[]?> consumer, ConsumeResult<byte[]?, byte[]?> result)
    {
        if (!_owned.TryGet(result.Partition.Value, out var pump))
            return;
        _insight.Received(result.Partition.Value, result.Offset.Value);
        if (result.IsPartitionEOF)
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

    private void Add(IConsumer<byte[]?, byte[]?> consumer, List<TopicPartition> partitions, CancellationToken stopping)
    {
        _isJoining = false;
        partitions.ForEach(partition => _insight.Forget(partition.Partition.Value));
        _owned.Add(consumer, partitions, stopping);
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

    /// <summary>Its revocation callback lets the handlers in hand finish and commits.</summary>
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
    }

    private List<TopicPartition> OwnedNow() => [.. _owned.Numbers.Select(partition => new TopicPartition(_subscription.Topic, partition))];

    /// <summary>Whatever else a consumer waits for, such as for its turn to join the group, it goes on asking for metadata.</summary>
    private static TimeSpan SilenceTolerated(ConsumerConfig config)
    {
        var twice = TimeSpan.FromMilliseconds(2.0 * config.TopicMetadataRefreshIntervalMs.GetValueOrDefault());
        return twice > LeastSilence ? twice : LeastSilence;
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Warning, Message = "Kafka consumer: {Code} {Reason}")]
    private partial void LogError(ErrorCode code, string reason);

    [LoggerMessage(EventId = 27, Level = LogLevel.Warning,
        Message = "The consumer of {Topic} in group {Group} could not be closed within {Timeout}, because the broker does not answer or the group has given it no partitions yet; its last messages may come again")]
    private partial void LogNotClosed(string topic, string group, TimeSpan timeout);

    [LoggerMessage(EventId = 26, Level = LogLevel.Error, Message = "{Growth}")]
    private partial void LogGrown(string growth);

    [LoggerMessage(EventId = 21, Level = LogLevel.Error, Message = "The consumer of {Topic} in group {Group} is lost; a new one is made after {Pause}")]
    private partial void LogRestart(Exception exception, string topic, string group, TimeSpan pause);

    [LoggerMessage(EventId = 24, Level = LogLevel.Warning, Message = "The settled position of {Topic} in group {Group} could not be committed; its last messages will come again")]
    private partial void LogCommitFailed(Exception exception, string topic, string group);
}
