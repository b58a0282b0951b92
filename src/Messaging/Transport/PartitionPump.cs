using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Hands the messages of one owned partition to its handler: one batch at a time, formed from what is there, the same batch
/// again after a growing pause when the handler throws, settled when it returns; or settled first and handed over once.
/// One thread adds; everything else is thread-safe.
/// </summary>
internal sealed partial class PartitionPump : IDisposable
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly Subscription _subscription;
    private readonly int _partition;
    private readonly PartitionHandler _handler;
    private readonly Func<Delivery, CancellationToken, ValueTask> _settle;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    // The bound is the adder's to keep, by IsFull: only it can tell the broker to hold back.
    private readonly Channel<Delivery> _queue = Channel.CreateUnbounded<Delivery>(new() { SingleReader = true, SingleWriter = true });
    private readonly CancellationTokenSource _finishing;
    private readonly CancellationTokenSource _lost = new();
    private int _waiting;
    private long _settled = -1;

    /// <summary>Starts the pump.</summary>
    /// <param name="subscription">What is consumed, and the bounds.</param>
    /// <param name="partition">The partition.</param>
    /// <param name="handler">Gets the batches.</param>
    /// <param name="settle">
    /// Settles up to and including the given delivery. Called after its batch's handler has returned, and at most once before
    /// that: then nothing of it may come again once the task has completed.
    /// </param>
    /// <param name="time">Measures the pauses.</param>
    /// <param name="logger">Told about failures of the handler.</param>
    /// <param name="stopping">Makes it <see cref="Finish"/>.</param>
    public PartitionPump(
        Subscription subscription,
        int partition,
        PartitionHandler handler,
        Func<Delivery, CancellationToken, ValueTask> settle,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopping)
    {
        _finishing = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        (_subscription, _partition, _handler, _settle, _time, _logger) = (subscription, partition, handler, settle, time, logger);
        Completion = RunAsync();
    }

    /// <summary>Ends when the pump has stopped, for whatever reason; fails when settling fails.</summary>
    public Task Completion { get; }

    /// <summary>As many messages wait as may.</summary>
    public bool IsFull => Volatile.Read(ref _waiting) >= _subscription.Prefetch;

    /// <summary>Enough has been taken that more may come.</summary>
    public bool HasRoom => Volatile.Read(ref _waiting) <= _subscription.Prefetch / 2;

    /// <summary>The position of the last settled message; -1 before the first.</summary>
    public long Settled => Interlocked.Read(ref _settled);

    /// <summary>Adds the partition's next message. Ignored once the pump finishes.</summary>
    public void Add(Delivery delivery)
    {
        Interlocked.Increment(ref _waiting);
        _queue.Writer.TryWrite(delivery);
    }

    /// <summary>Takes no further batch; the one in hand is finished and settled, or given up when its handler throws. Waiting messages are dropped.</summary>
    public void Finish() => _finishing.Cancel();

    /// <summary>Finishes, and tells the handler in hand to give up: the partition is another's now or time is up. Nothing more is settled.</summary>
    public void Abandon()
    {
        _lost.Cancel();
        _finishing.Cancel();
    }

    /// <summary>Only after <see cref="Completion"/>.</summary>
    public void Dispose()
    {
        _finishing.Dispose();
        _lost.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (!_finishing.IsCancellationRequested && await _queue.Reader.WaitToReadAsync(_finishing.Token))
            {
                if (!await PassOnAsync(TakeBatch(out var last), last))
                    return;
            }
        }
        catch (OperationCanceledException) when (_finishing.IsCancellationRequested)
        {
            // Finished while it waited for messages or before a further attempt: the end that was asked for.
        }
    }

    /// <summary>Handles and settles, in the order that the mode says. False when the batch was given up.</summary>
    private async Task<bool> PassOnAsync(PartitionBatch batch, Delivery last)
    {
        var settleFirst = _subscription.Mode == DeliveryMode.AtMostOnce;
        if (settleFirst)
            await SettleAsync(last);
        if (batch.Deliveries.Count > 0 && !(settleFirst ? await HandleOnceAsync(batch) : await HandleAsync(batch)))
            return false;
        if (_lost.IsCancellationRequested)
            return false;
        if (!settleFirst)
            await SettleAsync(last);
        return true;
    }

    private async ValueTask SettleAsync(Delivery last)
    {
        await _settle(last, _lost.Token);
        Interlocked.Exchange(ref _settled, last.Position);
    }

    /// <summary>What the subscription wants of the messages that are there, up to its bound; <paramref name="last"/> is the last one looked at.</summary>
    private PartitionBatch TakeBatch(out Delivery last)
    {
        var deliveries = new List<Delivery>();
        var taken = 0;
        last = null!;
        while (deliveries.Count < _subscription.MaxBatch && _queue.Reader.TryRead(out var delivery))
        {
            taken++;
            last = delivery;
            if (TypeFilter.Wants(_subscription.Types, delivery))
                deliveries.Add(delivery);
        }

        Interlocked.Add(ref _waiting, -taken);
        return new PartitionBatch(_subscription.Topic, _subscription.Group, _partition, deliveries);
    }

    /// <summary>The batch is settled already: what the handler does not finish is lost, as at most once says.</summary>
    private async Task<bool> HandleOnceAsync(PartitionBatch batch)
    {
        try
        {
            await _handler(batch, _lost.Token);
            return true;
        }
#pragma warning disable CA1031 // Whatever it was, the batch is gone and the next one comes.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogDropped(exception, _subscription.Topic, _subscription.Group, _partition, batch.Deliveries[0].Position, batch.Deliveries.Count);
            return !_lost.IsCancellationRequested;
        }
    }

    /// <summary>False when the batch was given up.</summary>
    private async Task<bool> HandleAsync(PartitionBatch batch)
    {
        var pause = FirstPause;
        while (true)
        {
            try
            {
                await _handler(batch, _lost.Token);
                return true;
            }
            catch (Exception) when (_lost.IsCancellationRequested)
            {
                LogGivenUp(_subscription.Topic, _subscription.Group, _partition, batch.Deliveries[0].Position);
                return false;
            }
            catch (Exception exception)
            {
                // Whatever it was, the promise is the same: these messages again, in this order, before any later one.
                LogHandlerFailed(exception, _subscription.Topic, _subscription.Group, _partition, batch.Deliveries[0].Position, pause);
                await Task.Delay(pause, _time, _finishing.Token);
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
            }
        }
    }

    [LoggerMessage(EventId = 1, Level = LogLevel.Warning,
        Message = "The handler of {Topic} in group {Group} failed on partition {Partition} at position {Position}; the same messages come again after {Pause}")]
    private partial void LogHandlerFailed(Exception exception, string topic, string group, int partition, long position, TimeSpan pause);

    [LoggerMessage(EventId = 2, Level = LogLevel.Information,
        Message = "The handler of {Topic} in group {Group} was told to give up partition {Partition} at position {Position}; its batch is not settled")]
    private partial void LogGivenUp(string topic, string group, int partition, long position);

    [LoggerMessage(EventId = 3, Level = LogLevel.Error,
        Message = "The handler of {Topic} in group {Group} failed on partition {Partition} at position {Position}; its {Count} messages are lost, because the group consumes at most once")]
    private partial void LogDropped(Exception exception, string topic, string group, int partition, long position, int count);
}
