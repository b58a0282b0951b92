using System.Globalization;
using System.Runtime.ExceptionServices;
using System.Text;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;

namespace Lab.Benching.Transports;

/// <summary>Through Confluent's client alone: the same settings, the same headers, offsets stored per batch.</summary>
internal sealed class RawKafkaLane : ITransportLane
{
    // As much as the port lets a consumer read ahead; librdkafka's own default is four times that.
    private const int FetchedKilobytes = 16 * 1024;

    // Who asks seldom whether the group is still the same, as librdkafka does by itself, is not there when it is shared anew.
    private static readonly TimeSpan SessionTimeout = new KafkaTransportOptions().SessionTimeout;

    private static readonly TimeSpan PollWhileHeld = TimeSpan.FromMilliseconds(5);

    private readonly string _servers;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly bool _isEmbedded;

    public RawKafkaLane(string servers, bool isEmbedded)
    {
        (_servers, _isEmbedded) = (servers, isEmbedded);
        // What goes wrong comes with the delivery reports; what is left warns of a setting that is wanted.
        _producer = new ProducerBuilder<byte[], byte[]>(ProducerSettings(servers)).SetLogHandler((_, _) => { }).Build();
    }

    /// <summary>
    /// What every consumer of a sample is told beside what the port tells it, by librdkafka's names: the bare loop does not wait for its
    /// share before it leaves, and must not end the process.
    /// </summary>
    public static IReadOnlyDictionary<string, string> ConsumerSettings
    {
        get
        {
            var settings = new Dictionary<string, string>(StringComparer.Ordinal);
            if (!Librdkafka.LeavesInPeace) settings["partition.assignment.strategy"] = "range";
            return settings;
        }
    }

    /// <summary>What its producer is told.</summary>
    public static ProducerConfig ProducerSettings(string servers) => new()
    {
        BootstrapServers = servers,
        EnableIdempotence = true,
        EnableGaplessGuarantee = true,
        Acks = Acks.All,
        LingerMs = 0.5,
        Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
        SocketNagleDisable = true,
    };

    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var left = messages.Count;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        foreach (var (topic, message) in messages) _producer.Produce(topic, RecordOf(message), Delivered);
        await done.Task.WaitAsync(cancellationToken);

        void Delivered(DeliveryReport<byte[], byte[]> report)
        {
            if (report.Error.IsError) done.TrySetException(new LabException(report.Error.Reason));
            else if (Interlocked.Decrement(ref left) == 0) done.TrySetResult();
        }
    }

    public Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        DedicatedThread.RunAsync($"kafka {group} {topic}", () => Consume(topic, group, handle, stopping));

    public ValueTask DisposeAsync()
    {
        _producer.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Message<byte[], byte[]> RecordOf(Message message)
    {
        var headers = new Headers
        {
            { "ce_specversion", "1.0"u8.ToArray() },
            { "ce_id", Encoding.UTF8.GetBytes(message.Id) },
            { "ce_type", Encoding.UTF8.GetBytes(message.Type) },
            { "ce_source", Encoding.UTF8.GetBytes(message.Source) },
            { "ce_time", Encoding.UTF8.GetBytes(message.Time.ToString("O", CultureInfo.InvariantCulture)) },
            { "ce_partitionkey", Encoding.UTF8.GetBytes(message.PartitionKey) },
            { "content-type", Encoding.UTF8.GetBytes(message.DataContentType) },
        };
        return new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(message.PartitionKey), Value = message.Body.ToArray(), Headers = headers };
    }

    private void Consume(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping)
    {
        var settings = new Confluent.Kafka.ConsumerConfig
        {
            BootstrapServers = _servers,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoOffsetStore = false,
            EnableAutoCommit = true,
            AutoCommitIntervalMs = 1_000,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SessionTimeoutMs = (int)SessionTimeout.TotalMilliseconds,
            HeartbeatIntervalMs = (int)(SessionTimeout / 4).TotalMilliseconds,
            QueuedMaxMessagesKbytes = FetchedKilobytes,
            FetchWaitMaxMs = _isEmbedded ? 10 : null,
        };
        foreach (var (name, value) in ConsumerSettings) settings.Set(name, value);
        using var consumer = new ConsumerBuilder<byte[], byte[]>(settings).SetLogHandler((_, _) => { }).Build(); // What matters is thrown, or messages are missing.
        consumer.Subscribe(topic);
        var batch = new List<ReadOnlyMemory<byte>>(Lanes.Batch);
        var last = new Dictionary<TopicPartition, ConsumeResult<byte[], byte[]>>();
        try
        {
            while (true)
            {
                var record = batch.Count == 0 ? consumer.Consume(stopping) : batch.Count < Lanes.Batch ? consumer.Consume(TimeSpan.Zero) : null;
                if (record is not null)
                {
                    batch.Add(record.Message.Value);
                    last[record.TopicPartition] = record;
                    continue;
                }

                // Of all partitions at once. As a rule nothing is waited for, and this completes at once.
                var handled = handle(-1, batch);
                if (!handled.IsCompleted) Hold(consumer, handled);
                if (handled.Exception?.InnerException is { } failure) ExceptionDispatchInfo.Throw(failure);
                foreach (var settled in last.Values) Store(consumer, settled);
                batch.Clear();
                last.Clear();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            consumer.Close();
        }
    }

    private static void Store(IConsumer<byte[], byte[]> consumer, ConsumeResult<byte[], byte[]> settled)
    {
        try
        {
            consumer.StoreOffset(settled);
        }
        catch (KafkaException failure) when (failure.Error.Code == ErrorCode.Local_State)
        {
            // The partition has become another member's meanwhile, who gets the same again.
        }
    }

    /// <summary>Takes nothing until a batch has been handled, but goes on asking, so as to stay in its group.</summary>
    private static void Hold(IConsumer<byte[], byte[]> consumer, Task handled)
    {
        while (!handled.IsCompleted)
        {
            consumer.Pause(consumer.Assignment);
            // Of a partition that was given to it this moment: for later.
            if (consumer.Consume(PollWhileHeld) is { } early) consumer.Seek(early.TopicPartitionOffset);
        }

        consumer.Resume(consumer.Assignment);
    }
}
