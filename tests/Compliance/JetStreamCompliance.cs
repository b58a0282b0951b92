using System.Text;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>The suite against JetStream.</summary>
public static class JetStreamCompliance
{
    public sealed class Consuming(Servers servers) : Compliance.Consuming(new JetStreamUnderTest(servers));
    public sealed class Delivering(Servers servers) : Compliance.Delivering(new JetStreamUnderTest(servers));
    public sealed class Groups(Servers servers) : Compliance.Groups(new JetStreamUnderTest(servers));
    public sealed class KeyValues(Servers servers) : Compliance.KeyValues(new JetStreamUnderTest(servers));
    public sealed class Outages(Servers servers) : Compliance.Outages(new JetStreamUnderTest(servers));
    public sealed class Publishing(Servers servers) : Compliance.Publishing(new JetStreamUnderTest(servers));
    public sealed class Reading(Servers servers) : Compliance.Reading(new JetStreamUnderTest(servers));
    public sealed class Requesting(Servers servers) : Compliance.Requesting(new JetStreamUnderTest(servers));
    public sealed class Restarting(Servers servers) : Compliance.Restarting(new JetStreamUnderTest(servers));
    public sealed class Topics(Servers servers) : Compliance.Topics(new JetStreamUnderTest(servers));

    private sealed class JetStreamUnderTest(Servers servers) : TransportUnderTest
    {
        private string _url = "";

        public override async Task StartAsync() => _url = await servers.NatsAsync();

        public override ITransport Create() =>
            new JetStreamTransport(_url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

        public override ITransport CreateUnreachable() =>
            new JetStreamTransport("nats://127.0.0.1:1", new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

        public override ITransport CreateForgetful() => new JetStreamTransport(
            _url, new JetStreamTransportOptions { DuplicateWindow = TimeSpan.FromSeconds(1) }, NullLoggerFactory.Instance, TimeProvider.System);

        public override ITransport CreateWithWrongPassword()
        {
            var wrong = new UriBuilder(_url) { UserName = "nobody", Password = WrongPassword };
            return new JetStreamTransport(wrong.Uri.ToString().TrimEnd('/'), new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        }

        internal override FreezableMember CreateFreezable()
        {
            var process = new SleepingProcess();
            var transport = new JetStreamTransport(
                process.Before(_url), new JetStreamTransportOptions(), NullLoggerFactory.Instance, process.Time);
            return new FreezableMember(transport, FreezeAsync, ThawAsync, process);

            Task FreezeAsync()
            {
                process.Sleep();
                return Task.CompletedTask;
            }

            Task ThawAsync()
            {
                process.Wake();
                return Task.CompletedTask;
            }
        }

        internal override async Task<IOwnBroker?> StartOwnBrokerAsync()
        {
            var broker = new OwnBroker();
            await broker.StartAsync();
            return broker;
        }

        public override async Task PublishForeignAsync(string topic, string key, string body)
        {
            await using var connection = new NatsConnection(new NatsOpts { Url = _url });
            var subject = $"{topic}.0.foreign.{PercentEncoding.ToToken(key)}";
            var acknowledgement = await new NatsJSContext(connection).PublishAsync(subject, Encoding.UTF8.GetBytes(body), cancellationToken: Cancel);
            acknowledgement.Error.ShouldBeNull();
        }

        private sealed class OwnBroker : IOwnBroker
        {
            private readonly NatsServerProcess _server = new();

            public ITransport Connect(TimeSpan publishTimeout) =>
                new JetStreamTransport(_server.Url, new JetStreamTransportOptions { PublishTimeout = publishTimeout }, NullLoggerFactory.Instance, TimeProvider.System);

            public Task StopAsync() => _server.KillAsync();

            public Task StartAsync() => _server.StartAsync(Cancel);

            public ValueTask DisposeAsync() => _server.DisposeAsync();
        }
    }
}
