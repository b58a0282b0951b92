using System.Text;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>The suite against Kafka.</summary>
public static class KafkaCompliance
{
    public sealed class Consuming(Servers servers) : Compliance.Consuming(new KafkaUnderTest(servers));
    public sealed class Delivering(Servers servers) : Compliance.Delivering(new KafkaUnderTest(servers));
    public sealed class Groups(Servers servers) : Compliance.Groups(new KafkaUnderTest(servers));
    public sealed class KeyValues(Servers servers) : Compliance.KeyValues(new KafkaUnderTest(servers));
    public sealed class Outages(Servers servers) : Compliance.Outages(new KafkaUnderTest(servers));
    public sealed class Publishing(Servers servers) : Compliance.Publishing(new KafkaUnderTest(servers));
    public sealed class Reading(Servers servers) : Compliance.Reading(new KafkaUnderTest(servers));
    public sealed class Requesting(Servers servers) : Compliance.Requesting(new KafkaUnderTest(servers));
    public sealed class Restarting(Servers servers) : Compliance.Restarting(new KafkaUnderTest(servers));
    public sealed class Topics(Servers servers) : Compliance.Topics(new KafkaUnderTest(servers));

    private sealed class KafkaUnderTest(Servers servers) : TransportUnderTest
    {
        // An embedded broker lets a member that comes again wait for almost the session timeout, so short; but the first of a group waits
        // for 3 s, and one whose session ends meanwhile gets no answer for minutes. A real broker takes no less than 6 s.
        private static readonly TimeSpan EmbeddedSession = TimeSpan.FromSeconds(4);

        private readonly RefusedPositions _refused = new();
        private string _bootstrapServers = "";
        private KafkaTransportOptions _options = new();
        private bool _embedded;

        public override async Task StartAsync()
        {
            _bootstrapServers = await servers.KafkaAsync();
            await using var probe = Create();
            await probe.EnsureTopicsAsync([], Cancel);
            _embedded = !probe.Capabilities.Durable;
            if (_embedded)
                _options = new() { SessionTimeout = EmbeddedSession };
        }

        public override ITransport Create() =>
            new KafkaTransport(_bootstrapServers, _options, new LoggersTo(_refused), TimeProvider.System);

        /// <summary>
        /// librdkafka's mock cluster refuses the second of two members that ask for their share, if the first was their leader; that one
        /// joins again, and while a member joins, the cluster takes no positions, not even of partitions that it has just moved.
        /// </summary>
        internal override bool HasRefusedPositions => _embedded && _refused.Any;

        public override ITransport CreateUnreachable()
        {
            var impatient = new KafkaTransportOptions { RequestTimeout = TimeSpan.FromSeconds(1), PublishTimeout = TimeSpan.FromSeconds(1) };
            return new KafkaTransport("127.0.0.1:1", impatient, NullLoggerFactory.Instance, TimeProvider.System);
        }

        /// <summary>A member whose heart does not beat is what a frozen one looks like to the broker; a real one needs longer to notice.</summary>
        internal override FreezableMember? CreateFreezable()
        {
            if (!_embedded)
                return null;
            var silent = _options with { ClientSettings = new Dictionary<string, string> { ["heartbeat.interval.ms"] = "3600000" } };
            return new FreezableMember(
                new KafkaTransport(_bootstrapServers, silent, new LoggersTo(_refused), TimeProvider.System), () => Task.CompletedTask, () => Task.CompletedTask);
        }

        internal override Task<IOwnBroker?> StartOwnBrokerAsync() => Task.FromResult<IOwnBroker?>(new OwnBroker());

        public override async Task PublishForeignAsync(string topic, string key, string body)
        {
            using var producer = new ProducerBuilder<byte[], byte[]>(new ProducerConfig { BootstrapServers = _bootstrapServers }).Build();
            await producer.ProduceAsync(topic, new() { Key = Encoding.UTF8.GetBytes(key), Value = Encoding.UTF8.GetBytes(body) }, Cancel);
        }

        /// <summary>Listens to the transport's log for positions that a rebalance kept from the group.</summary>
        private sealed class RefusedPositions : ILogger
        {
            private volatile bool _any;

            public bool Any => _any;

            public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

            public IDisposable? BeginScope<TState>(TState state)
                where TState : notnull => null;

            public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            {
                if (exception is KafkaException { Error.Code: ErrorCode.RebalanceInProgress })
                    _any = true;
            }
        }

        private sealed class LoggersTo(ILogger logger) : ILoggerFactory
        {
            public ILogger CreateLogger(string categoryName) => logger;

            public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

            public void Dispose()
            {
            }
        }

        private sealed class OwnBroker : IOwnBroker
        {
            private readonly EmbeddedKafka _broker = new();

            public ITransport Connect(TimeSpan publishTimeout) => new KafkaTransport(
                _broker.Servers, new() { PublishTimeout = publishTimeout, SessionTimeout = EmbeddedSession }, NullLoggerFactory.Instance, TimeProvider.System);

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
}
