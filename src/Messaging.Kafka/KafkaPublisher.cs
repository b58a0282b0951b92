using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// Publishes through one idempotent producer. Records are handed to librdkafka one after the other without waiting; their
/// delivery reports complete the batch. After a fatal error the next publish gets a new producer. Thread-safe.
/// </summary>
internal sealed partial class KafkaPublisher(ProducerConfig config, TimeSpan timeout, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    private static readonly TimeSpan QueueFullPause = TimeSpan.FromMilliseconds(5);

    private readonly Lock _gate = new();
    private Generation? _current;
    private bool _disposed;

    /// <summary>Publishes a batch; see <see cref="ITransport.PublishAsync"/>.</summary>
    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        var producer = Current();
        var reports = new DeliveryReports(batch, config.MessageMaxBytes ?? int.MaxValue);
        var began = time.GetTimestamp();
        for (var i = 0; i < batch.Count; i++)
            await ProduceAsync(producer, reports, i, began, cancellationToken);
        return await reports.Outcome.WaitAsync(cancellationToken);
    }

    /// <summary>Sends what is queued, then closes. Waits no longer than the publish timeout.</summary>
    public async ValueTask DisposeAsync()
    {
        Generation? last;
        lock (_gate)
        {
            (last, _current) = (_current, null);
            _disposed = true;
        }

        if (last is not null)
        {
            await DedicatedThread.RunAsync("kafka producer close", () =>
            {
                last.Producer.Flush(timeout);
                last.Producer.Dispose();
            });
        }
    }

    private async ValueTask ProduceAsync(Generation producer, DeliveryReports reports, int index, long began, CancellationToken cancellationToken)
    {
        var (topic, message) = reports.Batch[index];
        var record = KafkaRecords.ToRecord(message);
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                producer.Producer.Produce(topic, record, report => reports.Complete(index, report.Error));
                return;
            }
            catch (ProduceException<byte[], byte[]> exception) when (
                exception.Error.Code == ErrorCode.Local_QueueFull && time.GetElapsedTime(began) < timeout)
            {
                // More is on its way than librdkafka may hold: wait until some of it has been acknowledged.
                await Task.Delay(QueueFullPause, time, cancellationToken);
            }
            catch (KafkaException exception)
            {
                if (exception.Error.IsFatal)
                    producer.Broken = true;
                reports.Complete(index, exception.Error);
                return;
            }
        }
    }

    private Generation Current()
    {
        Generation? broken;
        Generation current;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_current is { Broken: false } usable)
                return usable;
            broken = _current;
            current = _current = Create();
        }

        if (broken is not null)
        {
            LogReplaced(broken.Producer.Name);
            // Its outstanding messages are reported as failed by the close, which blocks; nobody needs to wait for it.
            _ = DedicatedThread.RunAsync("kafka producer close", broken.Producer.Dispose);
        }

        return current;
    }

    private Generation Create()
    {
        var generation = new Generation();
        generation.Producer = new ProducerBuilder<byte[], byte[]>(config)
            .SetErrorHandler((_, error) =>
            {
                if (error.IsFatal)
                    generation.Broken = true;
                LogError(error.Code, error.Reason, error.IsFatal);
            })
            .SetLogHandler((_, line) => KafkaLog.Forward(logger, line))
            .Build();
        return generation;
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Kafka producer: {Code} {Reason} (fatal: {Fatal})")]
    private partial void LogError(ErrorCode code, string reason, bool fatal);

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "Kafka producer {Name} met a fatal error and was replaced")]
    private partial void LogReplaced(string name);

    /// <summary>One producer; broken once it has met a fatal error.</summary>
    private sealed class Generation
    {
        private volatile bool _broken;

        public IProducer<byte[], byte[]> Producer { get; set; } = null!;

        public bool Broken
        {
            get => _broken;
            set => _broken = value;
        }
    }
}

/// <summary>Counts the delivery reports of a batch and remembers the failures.</summary>
internal sealed class DeliveryReports
{
    private readonly TaskCompletionSource<PublishOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<(int Index, Error Error)> _failures = [];
    private readonly int _largest;
    private int _missing;

    public DeliveryReports(IReadOnlyList<OutgoingMessage> batch, int largest)
    {
        (Batch, _largest, _missing) = (batch, largest, batch.Count);
        if (batch.Count == 0)
            _outcome.SetResult(PublishOutcome.AllAcknowledged);
    }

    public IReadOnlyList<OutgoingMessage> Batch { get; }

    public Task<PublishOutcome> Outcome => _outcome.Task;

    public void Complete(int index, Error error)
    {
        if (error.IsError)
        {
            lock (_failures)
                _failures.Add((index, error));
        }

        if (Interlocked.Decrement(ref _missing) > 0)
            return;
        if (_failures.Count == 0)
            _outcome.SetResult(PublishOutcome.AllAcknowledged);
        else if (_failures.Count == Batch.Count && _failures.TrueForAll(failure => IsUnreachable(failure.Error)))
            _outcome.SetException(new TransportException($"Kafka did not answer in time: {_failures[0].Error.Reason}", new KafkaException(_failures[0].Error)));
        else
            _outcome.SetResult(new PublishOutcome([.. _failures.OrderBy(failure => failure.Index).Select(failure => Describe(failure.Index, failure.Error))]));
    }

    private static bool IsUnreachable(Error error) =>
        error.Code is ErrorCode.Local_MsgTimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_QueueFull;

    private PublishFailure Describe(int index, Error error)
    {
        var (topic, message) = Batch[index];
        return new PublishFailure(index, error.Code switch
        {
            ErrorCode.MsgSizeTooLarge => new MessageTooLargeException(message.Id, KafkaRecords.SizeOf(KafkaRecords.ToRecord(message)), _largest),
            _ => new TransportException($"Kafka did not take message {message.Id} for topic {topic}: {error.Reason} ({error.Code}).", new KafkaException(error)),
        });
    }
}
