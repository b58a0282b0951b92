using System.Globalization;
using Messaging;
using Messaging.JetStream;

namespace Lab.Benching.Transports;

/// <summary>Through the NATS client alone: the same stream, the same headers, one consumer per partition that acknowledges a batch at once.</summary>
internal sealed class RawJetStreamLane : ITransportLane
{
    // As the port asks for: who is held up for long does not get the same again.
    private static readonly TimeSpan AckWait = new JetStreamTransportOptions().AckWait;

    private readonly NatsConnection _connection;
    private readonly NatsJSContext _jetStream;
    private readonly int _partitions;
    private readonly int _readAhead;

    /// <param name="url">The server.</param>
    /// <param name="partitions">Of the topics.</param>
    /// <param name="readAhead">The most messages of a partition that are here and not settled, at least 2.</param>
    public RawJetStreamLane(string url, int partitions, int readAhead = Lanes.ReadAhead)
    {
        _connection = new NatsConnection(new NatsOpts { Url = url, Name = "bench-raw" });
        _jetStream = new NatsJSContext(_connection);
        (_partitions, _readAhead) = (partitions, readAhead);
    }

    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        var underWay = new Queue<Task<PubAckResponse>>(Lanes.Window);
        foreach (var (topic, message) in messages)
        {
            if (underWay.Count == Lanes.Window) (await underWay.Dequeue()).EnsureSuccess();
            var partition = Partitioner.PartitionOf(message.PartitionKey, _partitions);
            underWay.Enqueue(_jetStream.PublishAsync(
                $"{topic}.{partition}.{message.Type}.{message.PartitionKey}",
                message.Body,
                opts: new NatsJSPubOpts { MsgId = message.Id },
                headers: HeadersOf(message),
                cancellationToken: cancellationToken).AsTask());
        }

        while (underWay.TryDequeue(out var publish)) (await publish).EnsureSuccess();
    }

    public Task ConsumeAsync(string topic, string group, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        ConsumeAsync(topic, group, member: 0, members: 1, handle, stopping);

    // The client knows no groups: each member has its fixed share.
    public Task ConsumeAsync(
        string topic, string group, int member, int members, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping) =>
        Task.WhenAll(Enumerable.Range(0, _partitions).Where(partition => partition % members == member)
            .Select(partition => ConsumeAsync(topic, group, partition, handle, stopping)));

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private static NatsHeaders HeadersOf(Message message) => new()
    {
        ["ce-specversion"] = "1.0",
        ["ce-id"] = message.Id,
        ["ce-type"] = message.Type,
        ["ce-source"] = message.Source,
        ["ce-time"] = message.Time.ToString("O", CultureInfo.InvariantCulture),
        ["ce-partitionkey"] = message.PartitionKey,
        ["content-type"] = message.DataContentType,
    };

    private async Task ConsumeAsync(string topic, string group, int partition, Func<int, IReadOnlyList<ReadOnlyMemory<byte>>, Task> handle, CancellationToken stopping)
    {
        var consumer = await _jetStream.CreateOrUpdateConsumerAsync(
            topic.Replace('.', '_'),
            new ConsumerConfig($"{group}-{partition}")
            {
                FilterSubject = $"{topic}.{partition}.>",
                AckPolicy = ConsumerConfigAckPolicy.All,
                AckWait = AckWait,
                MaxAckPending = _readAhead,
            },
            stopping);
        var most = Lanes.BatchOf(_readAhead);
        var batch = new List<ReadOnlyMemory<byte>>(most);
        await foreach (var message in consumer.ConsumeAsync<byte[]>(opts: new NatsJSConsumeOpts { MaxMsgs = _readAhead }, cancellationToken: stopping))
        {
            batch.Add(message.Data);
            // Whatever is there is a batch: the last message that was pending ends it.
            if (batch.Count < most && message.Metadata?.NumPending > 0) continue;
            await handle(partition, batch);
            await message.AckAsync(cancellationToken: stopping);
            batch.Clear();
        }
    }
}
