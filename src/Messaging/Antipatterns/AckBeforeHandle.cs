namespace Messaging.Antipatterns;

/// <summary>Settles a batch as soon as it is there and handles it afterwards from memory.</summary>
internal sealed class AckBeforeHandle(ITransport transport) : TransportAround(transport)
{
    private readonly ITransport _transport = transport;

    public static Antipattern Antipattern { get; } = new(
        "ack-before-handle",
        "a batch is settled before it is handled, so a crash or a failure in between loses it",
        services => services.Decorate<ITransport>((transport, provider) => new AckBeforeHandle(transport(provider))));

    public override Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        _transport.ConsumeAsync(subscription with { Mode = DeliveryMode.AtMostOnce }, handler, stopping);
}
