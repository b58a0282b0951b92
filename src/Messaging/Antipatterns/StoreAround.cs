namespace Messaging.Antipatterns;

/// <summary>A receive store that does what another one does, but for what an anti-pattern does otherwise.</summary>
internal abstract class StoreAround(IReceiveStore store) : IReceiveStore
{
    public virtual Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken) => store.AdmitAsync(consumer, batch, cancellationToken);

    public Task ParkAsync(
        string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken) =>
        store.ParkAsync(consumer, messages, cancellationToken);

    public Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) =>
        store.TakeUpAsync(messages, cancellationToken);

    public Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) =>
        store.ParkAgainAsync(message, parking, cancellationToken);

    public virtual Task CommitAsync(CancellationToken cancellationToken) => store.CommitAsync(cancellationToken);
}
