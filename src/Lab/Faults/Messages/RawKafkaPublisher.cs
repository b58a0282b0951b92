using System.Text;
using Confluent.Kafka;
using Messaging.Kafka;

namespace Lab.Faults;

/// <summary>Publishes to Kafka.</summary>
internal sealed class RawKafkaPublisher(string servers) : IRawPublisher
{
    private readonly IProducer<byte[], byte[]> _producer = Connect(servers);

    public async Task PublishAsync(RawMessage message, CancellationToken cancellationToken)
    {
        var headers = new Headers();
        foreach (var (name, value) in message.Headers("ce_")) headers.Add(name, Encoding.UTF8.GetBytes(value));
        var record = new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(message.Key), Value = message.Body.ToArray(), Headers = headers };
        await _producer.ProduceAsync(new TopicPartition(message.Topic, message.Partition), record, cancellationToken);
    }

    public ValueTask DisposeAsync()
    {
        _producer.Dispose();
        return ValueTask.CompletedTask;
    }

    private static IProducer<byte[], byte[]> Connect(string servers)
    {
        Librdkafka.Locate();
        var builder = new ProducerBuilder<byte[], byte[]>(new ProducerConfig
        {
            BootstrapServers = servers,
            Acks = Acks.All,
            LingerMs = 1,
            MessageTimeoutMs = 10_000,
        });

        // What fails, each publish says itself.
        return builder.SetErrorHandler((_, _) => { }).SetLogHandler((_, _) => { }).Build();
    }
}
