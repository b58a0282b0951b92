using System.Text;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Transports;

public sealed class KafkaCompliance : TransportCompliance
{
    protected override ITransport CreateTransport() =>
        new KafkaTransport(KafkaServer.BootstrapServers, new KafkaTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateUnreachable()
    {
        var impatient = new KafkaTransportOptions { RequestTimeout = TimeSpan.FromSeconds(1), PublishTimeout = TimeSpan.FromSeconds(1) };
        return new KafkaTransport("127.0.0.1:1", impatient, NullLoggerFactory.Instance, TimeProvider.System);
    }

    protected override async Task PublishForeignAsync(string topic, string key, string body)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = KafkaServer.BootstrapServers }).Build();
        await producer.ProduceAsync(topic, new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(body) }, Cancel);
    }
}
