using Messaging;

namespace Compliance;

public sealed class InMemoryCompliance : TransportCompliance
{
    private readonly InMemoryBroker _broker = new();

    protected override ITransport CreateTransport() => new InMemoryTransport(_broker, TimeProvider.System);

    protected override ITransport? CreateUnreachable() => null;

    protected override Task PublishForeignAsync(string topic, string key, string body)
    {
        _broker.Append(topic, key, id: null, [], System.Text.Encoding.UTF8.GetBytes(body));
        return Task.CompletedTask;
    }
}
