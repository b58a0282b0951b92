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

    /// <summary>A member whose heart does not beat is what a frozen one looks like to the broker; a real one needs longer to notice.</summary>
    private protected override FreezableMember? CreateFreezable()
    {
        if (Transport.Capabilities.Durable)
            return null;
        var silent = _options with { ClientSettings = new Dictionary<string, string> { ["heartbeat.interval.ms"] = "3600000" } };
        return new FreezableMember(
            new KafkaTransport(_bootstrapServers, silent, NullLoggerFactory.Instance, TimeProvider.System), () => Task.CompletedTask, () => Task.CompletedTask);
    }

    private protected override Task<IOwnBroker?> StartOwnBrokerAsync() => Task.FromResult<IOwnBroker?>(new OwnBroker());

    protected override async Task PublishForeignAsync(string topic, string key, string body)
    {
        using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = _bootstrapServers }).Build();
        await producer.ProduceAsync(topic, new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(body) }, Cancel);
    }

    private sealed class OwnBroker : IOwnBroker
    {
        private readonly EmbeddedKafka _broker = new();

        public ITransport Connect(TimeSpan publishTimeout) => new KafkaTransport(
            _broker.Servers, new() { PublishTimeout = publishTimeout, SessionTimeout = TimeSpan.FromSeconds(3) }, NullLoggerFactory.Instance, TimeProvider.System);

        public Task StopAsync()
        {
            _broker.Stop();
            return Task.CompletedTask;
        }

        public Task StartAsync()
        {
            _broker.Start();
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync()
        {
            _broker.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
