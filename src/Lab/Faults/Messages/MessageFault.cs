namespace Lab.Faults;

/// <summary>A fault of what is in the topics: somebody publishes what nobody should.</summary>
internal abstract record MessageFault(string Name) : Fault(Name, FaultArea.Messages)
{
    public sealed override IReadOnlyList<string> Targets(FaultSite site) => ["topics"];

    // With the broker away nothing could be published.
    public sealed override bool GoesWith(FaultArea other) => other is not (FaultArea.Messages or FaultArea.Broker);

    public sealed override async Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken)
    {
        await using var publisher = IRawPublisher.To(site.System);
        using var over = new CancellationTokenSource(duration, site.Clock);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(over.Token, cancellationToken);
        var told = await PublishAsync(site, publisher, until.Token);
        cancellationToken.ThrowIfCancellationRequested();
        return told;
    }

    /// <summary>Publishes until it is over; does not throw for that.</summary>
    protected abstract Task<string?> PublishAsync(FaultSite site, IRawPublisher publisher, CancellationToken until);

    /// <summary>Publishes one message. False when it was over before the broker acknowledged it, or when the broker is away.</summary>
    protected static async Task<bool> TryPublishAsync(IRawPublisher publisher, RawMessage message, CancellationToken until)
    {
        try
        {
            await publisher.PublishAsync(message, until);
            return true;
        }
        catch (OperationCanceledException) when (until.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception failure) when (failure is NatsException or Confluent.Kafka.KafkaException)
        {
            return false;
        }
    }
}
