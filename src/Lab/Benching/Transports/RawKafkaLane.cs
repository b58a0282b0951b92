using System.Globalization;
using System.Text;
using Confluent.Kafka;
using Messaging;

namespace Lab.Benching.Transports;

/// <summary>Through Confluent's client alone: the same settings, the same headers, offsets stored per batch.</summary>
internal sealed class RawKafkaLane : ITransportLane
{
    private readonly string _servers;
    private readonly IProducer<byte[], byte[]> _producer;
    private readonly bool _isEmbedded;

    public RawKafkaLane(string servers, bool isEmbedded)
    {
        (_servers, _isEmbedded) = (servers, isEmbedded);
        _producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = servers,
            EnableIdempotence = true,
            EnableGaplessGuarantee = true,
            Acks = Acks.All,
            LingerMs = 0.5,
            Partitioner = Confluent.Kafka.Partitioner.Murmur2Random,
            SocketNagleDisable = true,
        }).Build();
    }

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
        Task.Factory.StartNew(() => Consume(topic, group, handle, stopping), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

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
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new Confluent.Kafka.ConsumerConfig
        {
            BootstrapServers = _servers,
            GroupId = group,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            EnableAutoOffsetStore = false,
            EnableAutoCommit = true,
            AutoCommitIntervalMs = 1_000,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            FetchWaitMaxMs = _isEmbedded ? 10 : null,
        }).Build();
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

                // Of all partitions at once: nothing is waited for, so this completes at once.
                _ = handle(-1, batch);
                foreach (var settled in last.Values) consumer.StoreOffset(settled);
                batch.Clear();
                last.Clear();
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            consumer.Close();
        }
    }
}
