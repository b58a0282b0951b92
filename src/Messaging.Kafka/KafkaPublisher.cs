using System.Collections.Concurrent;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// Publishes through one idempotent, gapless producer. Records are handed to librdkafka one after the other without waiting;
/// their delivery reports complete the batch. A record that fails for good leaves a gap in its partition: librdkafka then fails
/// everything behind it and gives the producer up, so that nothing overtakes, and a new one takes its place. The partition is
/// chosen here, by the number of partitions that the process began with: librdkafka would move keys as soon as a topic grows.
/// Thread-safe.
/// </summary>
internal sealed partial class KafkaPublisher(ProducerConfig config, KafkaTopics topics, TimeSpan timeout, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan QueueFullPause = TimeSpan.FromMilliseconds(5);

    // What a producer that is given up has been answered already is still reported within this time.
    private static readonly TimeSpan LastReports = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly List<Task> _closing = [];
    private readonly ClientFailures _failures = new();
    private Generation? _current;
    private bool _disposed;

    /// <summary>Publishes a batch; see <see cref="ITransport.PublishAsync"/>.</summary>
    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var partitions = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var topic in batch.Select(outgoing => outgoing.Topic).Distinct(StringComparer.Ordinal))
            partitions[topic] = await topics.CountPartitionsAsync(topic, cancellationToken);
        var generation = Current();
        var reports = new DeliveryReports(batch, config.MessageMaxBytes ?? int.MaxValue, _failures);
        generation.Outstanding[reports] = default;
        try
        {
            for (var i = 0; i < batch.Count && !reports.Outcome.IsCompleted; i++)
            {
                if (!reports.HoldsBack(i))
                    await ProduceAsync(generation, reports, i, partitions[batch[i].Topic], cancellationToken);
            }

            return await reports.Outcome.WaitAsync(cancellationToken);
        }
        finally
        {
            generation.Outstanding.TryRemove(reports, out _);
        }
    }

    /// <summary>Publishes one record to the partition given and tells its position.</summary>
    /// <exception cref="TransportException">The broker did not take it, or did not answer in time.</exception>
    public async Task<long> PublishAsync(TopicPartition partition, Message<byte[], byte[]> record, CancellationToken cancellationToken)
    {
        try
        {
            var result = await Current().Producer.ProduceAsync(partition, record, cancellationToken).WaitAsync(timeout + LastReports, time, cancellationToken);
            return result.Offset.Value;
        }
        catch (KafkaException exception)
        {
            throw new TransportException($"Kafka did not take a record for topic {partition.Topic}: {exception.Error.Reason} ({exception.Error.Code}).", exception);
        }
        catch (TimeoutException exception)
        {
            throw new TransportException($"Kafka did not answer for a record of topic {partition.Topic} in time.", exception);
        }
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
            GiveUp(last, new Error(ErrorCode.Local_Destroy, "the transport was closed"), timeout);
        Task[] closing;
        lock (_gate)
            closing = [.. _closing];
        await Task.WhenAll(closing);
    }

    private async ValueTask ProduceAsync(Generation generation, DeliveryReports reports, int index, int partitions, CancellationToken cancellationToken)
    {
        var (topic, message) = reports.Batch[index];
        var record = KafkaRecords.ToRecord(message);
        var partition = new TopicPartition(topic, Partitioner.PartitionOf(message.PartitionKey, partitions));
        var began = time.GetTimestamp();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                generation.Producer.Produce(partition, record, report => reports.Complete(index, report.Error));
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
                    GiveUp(generation, exception.Error, LastReports);
                if (exception.Error.Code == ErrorCode.Local_QueueFull)
                    reports.CompleteMissing(exception.Error); // For so long nothing has moved; each further one would wait as long.
                else
                    reports.Complete(index, exception.Error);
                return;
            }
            catch (ObjectDisposedException)
            {
                reports.Complete(index, new Error(ErrorCode.Local_Destroy, "its producer was given up"));
                return;
            }
        }
    }

    private Generation Current()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return _current is { IsGivenUp: false } usable ? usable : _current = Create();
        }
    }

    private Generation Create()
    {
        var generation = new Generation();
        generation.Producer = new ProducerBuilder<byte[], byte[]>(config)
            .SetErrorHandler((_, error) =>
            {
                _failures.Add(error);
                LogError(error.Code, error.Reason, error.IsFatal);
                if (error.IsFatal)
                    GiveUp(generation, error, LastReports);
            })
            .SetLogHandler((_, line) => KafkaLog.Forward(logger, line))
            .Build();
        return generation;
    }

    /// <summary>Waits for the reports still to come, ends the batches that none will come for, and closes; all on a thread of its own, because it blocks.</summary>
    private void GiveUp(Generation generation, Error cause, TimeSpan patience)
    {
        if (!generation.TryGiveUp())
            return;
        if (cause.IsFatal)
            LogReplaced(generation.Producer.Name, cause.Reason);
        lock (_gate)
        {
            _closing.RemoveAll(closing => closing.IsCompleted);
            _closing.Add(DedicatedThread.RunAsync("kafka producer close", () =>
            {
                generation.Producer.Flush(patience);
                foreach (var reports in generation.Outstanding.Keys)
                    reports.CompleteMissing(cause);
                generation.Producer.Dispose();
            }));
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Warning, Message = "Kafka producer: {Code} {Reason} (fatal: {Fatal})")]
    private partial void LogError(ErrorCode code, string reason, bool fatal);

    [LoggerMessage(EventId = 11, Level = LogLevel.Error, Message = "Kafka producer {Name} is replaced: {Reason}")]
    private partial void LogReplaced(string name, string reason);

    /// <summary>One producer and the batches that wait for its reports.</summary>
    private sealed class Generation
    {
        private int _givenUp;

        public IProducer<byte[], byte[]> Producer { get; set; } = null!;

        public ConcurrentDictionary<DeliveryReports, ValueTuple> Outstanding { get; } = new();

        public bool IsGivenUp => Volatile.Read(ref _givenUp) != 0;

        public bool TryGiveUp() => Interlocked.Exchange(ref _givenUp, 1) == 0;
    }
}
