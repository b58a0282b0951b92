using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;
using Record = Confluent.Kafka.ConsumeResult<byte[]?, byte[]?>;

namespace Messaging.Kafka;

/// <summary>
/// Reads a topic outside any group: a consumer with its partitions assigned by hand, read on a thread of its own into a bounded
/// channel. Commits nothing. One instance per read.
/// </summary>
internal sealed partial class KafkaReader(ReadRequest request, ConsumerConfig config, TimeSpan requestTimeout, bool embedded, ILogger logger)
{
    private const int Ahead = 500;
    private const int PollMilliseconds = 100;

    private readonly Channel<Record?> _read = Channel.CreateBounded<Record?>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
    private readonly ClientFailures _failures = new();
    private readonly Dictionary<int, long> _unread = [];

    /// <summary>See <see cref="ITransport.ReadAsync"/>; <paramref name="closing"/> ends it as well.</summary>
    public async IAsyncEnumerable<Delivery> ReadAsync(CancellationToken closing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var record in ReadRecordsAsync(closing, cancellationToken))
        {
            if (record is not null && KafkaRecords.ToDelivery(record) is var delivery && TypeFilter.Wants(request.Types, delivery))
                yield return delivery;
        }
    }

    /// <summary>Every record as it is, with one null where the present ends: everything there at the call has been read.</summary>
    public async IAsyncEnumerable<Record?> ReadRecordsAsync(CancellationToken closing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
        var thread = DedicatedThread.RunAsync($"kafka read {request.Topic}", () => Run(ending.Token));
        try
        {
            await foreach (var record in _read.Reader.ReadAllAsync(cancellationToken))
                yield return record;
        }
        finally
        {
            await ending.CancelAsync();
            await thread.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        closing.ThrowIfCancellationRequested();
    }

    private void Run(CancellationToken ending)
    {
        try
        {
            using var consumer = new ConsumerBuilder<byte[]?, byte[]?>(config)
                .SetErrorHandler((_, error) => _failures.Add(error))
                .SetLogHandler((_, line) => KafkaLog.Forward(logger, line))
                .Build();
            Follow(consumer, ending);
            _read.Writer.Complete();
        }
        catch (KafkaException exception)
        {
            _read.Writer.Complete(_failures.Describe($"{request.Topic} cannot be read from Kafka at {config.BootstrapServers}", exception));
        }
        catch (Exception exception)
        {
            _read.Writer.Complete(exception);
        }
    }

    private void Follow(IConsumer<byte[]?, byte[]?> consumer, CancellationToken ending)
    {
        var starts = FindStarts(consumer);
        if (request.Until == ReadUntil.Present && _unread.Count == 0)
            return;
        consumer.Assign(starts);
        if (_unread.Count == 0)
            Write(null, ending);
        while (!ending.IsCancellationRequested && (request.Until == ReadUntil.Live || _unread.Count > 0))
        {
            try
            {
                if (consumer.Consume(PollMilliseconds) is { } result)
                    Pass(result, ending);
            }
            catch (ConsumeException exception) when (!exception.Error.IsFatal)
            {
                LogError(exception.Error.Code, exception.Error.Reason);
            }
        }
    }

    private void Pass(Record result, CancellationToken ending)
    {
        var partition = result.Partition.Value;
        var isBehindPresent = request.Until == ReadUntil.Present && !(_unread.TryGetValue(partition, out var end) && result.Offset.Value < end);
        if (!result.IsPartitionEOF && !isBehindPresent && !IsTooEarly(result))
            Write(result, ending);

        // At the end of a partition the last positions may hold no message: markers of transactions, or what compaction took.
        if (_unread.TryGetValue(partition, out end) && result.Offset.Value + (result.IsPartitionEOF ? 0 : 1) >= end)
        {
            _unread.Remove(partition);
            if (_unread.Count == 0)
                Write(null, ending);
        }
    }

    private void Write(Record? record, CancellationToken ending)
    {
        while (!_read.Writer.TryWrite(record) && !ending.IsCancellationRequested)
            DedicatedThread.WaitFor(_read.Writer.WaitToWriteAsync(ending).AsTask(), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where each partition begins; <see cref="_unread"/> gets the ends of those that are not there yet.</summary>
    private List<TopicPartitionOffset> FindStarts(IConsumer<byte[]?, byte[]?> consumer)
    {
        var only = (request.From as ReadFrom.AtEnd)?.Partition;
        var partitions = KafkaTopics.Find(consumer.Handle, request.Topic, requestTimeout).Partitions
            .Where(partition => only is null || partition.PartitionId == only)
            .Select(partition => new TopicPartition(request.Topic, partition.PartitionId))
            .ToList();
        var byTime = request.From is ReadFrom.AtTime { Value: var time } && !embedded
            ? consumer.OffsetsForTimes(partitions.ConvertAll(partition => new TopicPartitionTimestamp(partition, new Timestamp(time))), requestTimeout)
                .ToDictionary(found => found.Partition.Value, found => found.Offset)
            : null;
        var starts = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var bounds = consumer.QueryWatermarkOffsets(partition, requestTimeout);
            var wanted = request.From switch
            {
                ReadFrom.AtPositions from => from.FirstOf(partition.Partition.Value),
                ReadFrom.AtTime when byTime is not null => byTime[partition.Partition.Value] is { IsSpecial: false } found ? found.Value : bounds.High.Value,
                ReadFrom.AtTime => bounds.Low.Value,
                _ => bounds.High.Value,
            };
            var start = Math.Clamp(wanted, bounds.Low.Value, bounds.High.Value);
            starts.Add(new TopicPartitionOffset(partition, start));
            if (start < bounds.High.Value)
                _unread[partition.Partition.Value] = bounds.High.Value;
        }

        return starts;
    }

    // The embedded broker cannot find a time: there everything is read, and what is older left out.
    private bool IsTooEarly(Record result) =>
        embedded && request.From is ReadFrom.AtTime from && result.Message.Timestamp.UtcDateTime < from.Value.UtcDateTime;

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Kafka reader: {Code} {Reason}")]
    private partial void LogError(ErrorCode code, string reason);
}
