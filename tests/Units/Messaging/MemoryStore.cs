using System.Collections.Concurrent;
using Messaging;

namespace Units.Messaging;

/// <summary>What a database would hold, for tests of the pipeline alone.</summary>
public sealed class MemoryDatabase
{
    public ConcurrentDictionary<(string Consumer, string Id), bool> Inbox { get; } = new();

    public ConcurrentQueue<(string Consumer, IncomingMessage Message, Parking Parking)> Parked { get; } = new();

    public ConcurrentQueue<OutboxEntry> Scheduled { get; } = new();

    public ConcurrentQueue<Guid> Cancelled { get; } = new();

    /// <summary>How many messages each committed transaction entered into the inbox.</summary>
    public ConcurrentQueue<int> Transactions { get; } = new();

    public Func<Exception?> FailCommit { get; set; } = () => null;
}

/// <summary>A receive store whose transaction is a pair of lists applied at commit; due messages stay in the database.</summary>
public sealed class MemoryStore(MemoryDatabase database, Outbox outbox, ITransport transport) : IReceiveStore
{
    private readonly List<(string Consumer, string Id)> _received = [];
    private readonly List<(string Consumer, IncomingMessage Message, Parking Parking)> _parked = [];

    public Task<IReadOnlyList<Admission>> AdmitAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
    {
        var admissions = new List<Admission>();
        foreach (var message in batch)
        {
            if (database.Inbox.ContainsKey((consumer, message.Id)) || _received.Contains((consumer, message.Id)))
            {
                admissions.Add(Admission.Duplicate);
                continue;
            }

            _received.Add((consumer, message.Id));
            var behind = message.Key.Length > 0 && database.Parked.Any(parked => parked.Consumer == consumer && parked.Message.Key == message.Key);
            admissions.Add(behind ? Admission.ParkBehind : Admission.Handle);
        }

        return Task.FromResult<IReadOnlyList<Admission>>(admissions);
    }

    public Task ParkAsync(
        string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken)
    {
        _parked.AddRange(messages.Select(each => (consumer, each.Message, each.Parking)));
        return Task.CompletedTask;
    }

    public Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) => throw new NotSupportedException();

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        if (database.FailCommit() is { } failure)
            throw failure;
        if (_received.Count > 0)
            database.Transactions.Enqueue(_received.Count);
        foreach (var received in _received)
            database.Inbox[received] = true;
        foreach (var parked in _parked)
            database.Parked.Enqueue(parked);
        foreach (var entry in outbox.Entries.Where(entry => entry.Due is not null))
            database.Scheduled.Enqueue(entry);
        foreach (var token in outbox.Cancellations)
            database.Cancelled.Enqueue(token);
        var now = outbox.Entries.Where(entry => entry.Due is null).Select(entry => entry.Message).ToArray();
        outbox.Clear();
        await transport.PublishAsync(now, cancellationToken);
    }
}
