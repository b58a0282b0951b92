using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// Reads a topic outside any group: a consumer with its partitions assigned by hand, read on a thread of its own into a bounded
/// channel. Commits nothing. One instance per read.
/// </summary>
internal sealed partial class KafkaReader(ReadRequest request, ConsumerConfig config, TimeSpan requestTimeout, bool embedded, ILogger logger)
{
    private const int Ahead = 500;
    private const int PollMilliseconds = 100;

    private readonly Channel<Delivery> _read = Channel.CreateBounded<Delivery>(new BoundedChannelOptions(Ahead) { SingleReader = true, SingleWriter = true });
    private readonly ClientFailures _failures = new();
    private readonly Dictionary<int, long> _unread = [];

    /// <summary>See <see cref="ITransport.ReadAsync"/>; <paramref name="closing"/> ends it as well.</summary>
    public async IAsyncEnumerable<Delivery> ReadAsync(CancellationToken closing, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, closing);
        var thread = DedicatedThread.RunAsync($"kafka read {request.Topic}", () => Run(ending.Token));
        try
        {
            await foreach (var delivery in _read.Reader.ReadAllAsync(cancellationToken))
                yield return delivery;
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

    private void Pass(ConsumeResult<byte[]?, byte[]?> result, CancellationToken ending)
    {
        var partition = result.Partition.Value;
        var isBehindPresent = request.Until == ReadUntil.Present && !(_unread.TryGetValue(partition, out var end) && result.Offset.Value < end);
        if (!result.IsPartitionEOF && !isBehindPresent && !IsTooEarly(result) && KafkaRecords.ToDelivery(result) is var delivery && TypeFilter.Wants(request.Types, delivery))
            Write(delivery, ending);

        // At the end of a partition the last positions may hold no message: markers of transactions, or what compaction took.
        if (_unread.TryGetValue(partition, out end) && result.Offset.Value + (result.IsPartitionEOF ? 0 : 1) >= end)
            _unread.Remove(partition);
    }

    private void Write(Delivery delivery, CancellationToken ending)
    {
        while (!_read.Writer.TryWrite(delivery) && !ending.IsCancellationRequested)
            DedicatedThread.WaitFor(_read.Writer.WaitToWriteAsync(ending).AsTask(), Timeout.InfiniteTimeSpan);
    }

    /// <summary>Where each partition begins; <see cref="_unread"/> gets the ends of those that are not there yet.</summary>
    private List<TopicPartitionOffset> FindStarts(IConsumer<byte[]?, byte[]?> consumer)
    {
        var partitions = KafkaTopics.Find(consumer.Handle, request.Topic, requestTimeout).Partitions
            .ConvertAll(partition => new TopicPartition(request.Topic, partition.PartitionId));
        var byTime = request.From is ReadFrom.AtTime { Value: var time } && !embedded
            ? consumer.OffsetsForTimes(partitions.ConvertAll(partition => new TopicPartitionTimestamp(partition, new Timestamp(time))), requestTimeout)
                .ToDictionary(found => found.Partition.Value, found => found.Offset.Value)
            : null;
        var starts = new List<TopicPartitionOffset>();
        foreach (var partition in partitions)
        {
            var bounds = consumer.QueryWatermarkOffsets(partition, requestTimeout);
            var wanted = byTime is null ? (request.From as ReadFrom.AtPositions)?.FirstOf(partition.Partition.Value) ?? 0 : byTime[partition.Partition.Value];
            var start = wanted < 0 ? bounds.High.Value : Math.Clamp(wanted, bounds.Low.Value, bounds.High.Value);
            starts.Add(new TopicPartitionOffset(partition, start));
            if (start < bounds.High.Value)
                _unread[partition.Partition.Value] = bounds.High.Value;
        }

        return starts;
    }

    // The embedded broker cannot find a time: there everything is read, and what is older left out.
    private bool IsTooEarly(ConsumeResult<byte[]?, byte[]?> result) =>
        embedded && request.From is ReadFrom.AtTime from && result.Message.Timestamp.UtcDateTime < from.Value.UtcDateTime;

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Kafka reader: {Code} {Reason}")]
    private partial void LogError(ErrorCode code, string reason);
}
