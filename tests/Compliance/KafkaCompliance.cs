using System.Text;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

public sealed class KafkaCompliance(Servers servers) : TransportCompliance
{
    private string _bootstrapServers = "";
    private KafkaTransportOptions _options = new();

    public override async ValueTask InitializeAsync()
    {
        _bootstrapServers = await servers.KafkaAsync();
        await using (var probe = CreateTransport())
        {
            // An embedded broker lets a member that comes again wait for almost the session timeout; a real one takes no less than 6 s.
            await probe.EnsureTopicsAsync([], Cancel);
            if (!probe.Capabilities.Durable)
                _options = new() { SessionTimeout = TimeSpan.FromSeconds(3) };
        }

        await base.InitializeAsync();
    }

    protected override ITransport CreateTransport() =>
        new KafkaTransport(_bootstrapServers, _options, NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateUnreachable()
    {
        var impatient = new KafkaTransportOptions { RequestTimeout = TimeSpan.FromSeconds(1), PublishTimeout = TimeSpan.FromSeconds(1) };
        return new KafkaTransport("127.0.0.1:1", impatient, NullLoggerFactory.Instance, TimeProvider.System);
    }

    protected override async Task PublishForeignAsync(string topic, string key, string body)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = _bootstrapServers }).Build();
        await producer.ProduceAsync(topic, new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(body) }, Cancel);
    }
}
