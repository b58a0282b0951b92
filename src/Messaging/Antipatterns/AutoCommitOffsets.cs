using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Antipatterns;

/// <summary>
/// Moves on whatever the handler did, as a consumer does that commits offsets by the clock: a batch whose handler threw is logged
/// and passed over.
/// </summary>
internal sealed partial class AutoCommitOffsets(ITransport transport, ILogger<AutoCommitOffsets> logger) : TransportAround(transport)
{
    private readonly ITransport _transport = transport;

    public static Antipattern Antipattern { get; } = new(
        "auto-commit-offsets",
        "a batch whose handler fails, because the database is away for example, is settled all the same and lost",
        services => services.Decorate<ITransport>((transport, provider) =>
            new AutoCommitOffsets(transport(provider), provider.GetRequiredService<ILogger<AutoCommitOffsets>>())));

    public override Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) =>
        _transport.ConsumeAsync(subscription, (batch, cancellationToken) => HandleAsync(handler, batch, cancellationToken), stopping);

    private async Task HandleAsync(PartitionHandler handler, PartitionBatch batch, CancellationToken cancellationToken)
    {
        try
        {
            await handler(batch, cancellationToken);
        }
#pragma warning disable CA1031 // The mistake itself: whatever it was, the position moves on.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogPassedOver(exception, batch.Group, batch.Deliveries.Count, batch.Topic, batch.Partition);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Group}: a batch of {Count} from {Topic}/{Partition} failed and is passed over")]
    private partial void LogPassedOver(Exception exception, string group, int count, string topic, int partition);
}
