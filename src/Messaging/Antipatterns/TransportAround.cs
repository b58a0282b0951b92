namespace Messaging.Antipatterns;

/// <summary>A transport that does what another one does, but for how it consumes.</summary>
internal abstract class TransportAround(ITransport transport) : ITransport, IRequestReply, IKeyValue
{
    public string Name => transport.Name;

    public TransportCapabilities Capabilities => transport.Capabilities;

    public abstract Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping);

    public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) =>
        transport.EnsureTopicsAsync(topics, cancellationToken);

    public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken) =>
        transport.PublishAsync(batch, cancellationToken);

    public IAsyncEnumerable<Delivery> ReadAsync(ReadRequest request, CancellationToken cancellationToken) => transport.ReadAsync(request, cancellationToken);

    public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => transport.GetLagAsync(cancellationToken);

    public Task<Message> RequestAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken) =>
        transport.RequireRequestReply().RequestAsync(address, request, timeout, cancellationToken);

    public Task RespondAsync(Responder responder, RequestHandler handler, CancellationToken stopping) =>
        transport.RequireRequestReply().RespondAsync(responder, handler, stopping);

    public Task<IKeyValueBucket> OpenBucketAsync(BucketDefinition definition, CancellationToken cancellationToken) =>
        transport.RequireKeyValue().OpenBucketAsync(definition, cancellationToken);

    public ValueTask DisposeAsync() => transport.DisposeAsync();
}
