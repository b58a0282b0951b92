using Lab.Benching.Relays;
using Messaging;

namespace Lab.Benching.Receiving;

/// <summary>
/// A receive store that takes every message for new: what the inbox costs is the difference. One transaction per batch as ever.
/// Nothing fails in the bench, so nothing is parked.
/// </summary>
internal sealed class WithoutInbox(BookingDb db, IUnitOfWork unitOfWork) : IReceiveStore
{
    public async Task<IReadOnlyList<Admission>> AdmitAsync(
        string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        await db.Database.BeginTransactionAsync(cancellationToken);
        return [.. Enumerable.Repeat(Admission.Handle, batch.Count)];
    }

    public Task CommitAsync(CancellationToken cancellationToken) => unitOfWork.CommitAsync(cancellationToken);

    public Task ParkAsync(string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken) =>
        throw new LabException($"a message could not be handled: {messages[0].Parking.Cause}");

    public Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) => throw new NotSupportedException();
}
