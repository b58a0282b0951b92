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

    protected override bool SharesPartitions => false;

    protected override ITransport CreateTransport() =>
        new JetStreamTransport(_url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    protected override ITransport CreateUnreachable() =>
        new JetStreamTransport("nats://127.0.0.1:1", new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    protected override async Task PublishForeignAsync(string topic, string key, string body)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = _url });
        var subject = $"{topic}.0.foreign.{PercentEncoding.ToToken(key)}";
        var acknowledgement = await new NatsJSContext(connection).PublishAsync(subject, Encoding.UTF8.GetBytes(body), cancellationToken: Cancel);
        acknowledgement.Error.ShouldBeNull();
    }
}
