using Messaging;

namespace Compliance;

/// <summary>The suite against the in-memory transport.</summary>
public static class InMemoryCompliance
{
    public sealed class Consuming() : Compliance.Consuming(new InMemoryUnderTest());
    public sealed class Delivering() : Compliance.Delivering(new InMemoryUnderTest());
    public sealed class Groups() : Compliance.Groups(new InMemoryUnderTest());
    public sealed class KeyValues() : Compliance.KeyValues(new InMemoryUnderTest());
    public sealed class Outages() : Compliance.Outages(new InMemoryUnderTest());
    public sealed class Publishing() : Compliance.Publishing(new InMemoryUnderTest());
    public sealed class Reading() : Compliance.Reading(new InMemoryUnderTest());
    public sealed class Requesting() : Compliance.Requesting(new InMemoryUnderTest());
    public sealed class Restarting() : Compliance.Restarting(new InMemoryUnderTest());
    public sealed class Topics() : Compliance.Topics(new InMemoryUnderTest());

    private sealed class InMemoryUnderTest : TransportUnderTest
    {
        private readonly InMemoryBroker _broker = new();

        public override ITransport Create() => new InMemoryTransport(_broker, TimeProvider.System);

        public override Task PublishForeignAsync(string topic, string key, string body)
        {
            _broker.Append(topic, key, id: null, [], System.Text.Encoding.UTF8.GetBytes(body));
            return Task.CompletedTask;
        }
    }
}
