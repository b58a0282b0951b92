using System.Text;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Transports;

public sealed class KafkaCompliance : TransportCompliance
{
    // An embedded broker makes a member that comes again wait for almost the session timeout; a real one takes no less than 6 s.
    private static readonly KafkaTransportOptions Options =
        KafkaServer.IsEmbedded ? new() { SessionTimeout = TimeSpan.FromSeconds(3) } : new();

    protected override ITransport CreateTransport() =>
        new KafkaTransport(KafkaServer.BootstrapServers, Options, NullLoggerFactory.Instance, TimeProvider.System);

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
