using System.Text;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

public sealed class JetStreamCompliance(Servers servers) : TransportCompliance
{
    private string _url = "";

    public override async ValueTask InitializeAsync()
    {
        _url = await servers.NatsAsync();
        await base.InitializeAsync();
    }

    protected override ITransport CreateTransport() =>
        new JetStreamTransport(_url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateUnreachable() =>
        new JetStreamTransport("nats://127.0.0.1:1", new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateForgetful() => new JetStreamTransport(
        _url, new JetStreamTransportOptions { DuplicateWindow = TimeSpan.FromSeconds(1) }, NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateWithWrongPassword()
    {
        var wrong = new UriBuilder(_url) { UserName = "nobody", Password = WrongPassword };
        return new JetStreamTransport(wrong.Uri.ToString().TrimEnd('/'), new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
    }

    private protected override FreezableMember CreateFreezable()
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

    private protected override async Task<IOwnBroker?> StartOwnBrokerAsync()
    {
        var broker = new OwnBroker();
        await broker.StartAsync();
        return broker;
    }

    protected override async Task PublishForeignAsync(string topic, string key, string body)
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
