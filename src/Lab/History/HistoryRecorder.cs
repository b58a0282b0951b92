using System.Collections.Concurrent;
using Lab.Reading;
using Lab.Running;

namespace Lab.History;

/// <summary>
/// Writes down, from outside, what happens in a run: what was accepted, what went through the broker, what consumers took in,
/// what became of stock, money and orders. Thread-safe.
/// </summary>
internal sealed class HistoryRecorder : IAsyncDisposable
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);

    private readonly ConcurrentQueue<(Guid OrderId, DateTimeOffset At)> _accepted = new();
    private readonly ConcurrentQueue<(Guid OrderId, DateTimeOffset At)> _cancelling = new();
    private readonly RunningSystem _system;
    private readonly SystemOptions _options;
    private readonly Patience _patience;
    private readonly BrokerWatch _broker;

    private HistoryRecorder(RunningSystem system, SystemOptions options, TimeProvider clock)
    {
        (_system, _options, _patience) = (system, options, new Patience(clock, CallLimit));
        _broker = new BrokerWatch(system.ConnectTransport(clock), clock);
    }

    /// <summary>Begins to read every topic from its beginning.</summary>
    /// <param name="system">The system.</param>
    /// <param name="options">How it was started.</param>
    /// <param name="clock">Measures the waits.</param>
    public static HistoryRecorder Start(RunningSystem system, SystemOptions options, TimeProvider clock)
    {
        var recorder = new HistoryRecorder(system, options, clock);
        recorder._broker.Start();
        return recorder;
    }

    /// <summary>How many orders have ended.</summary>
    public int Ended => _broker.Ended;

    /// <summary>The API accepted an order.</summary>
    public void Accepted(Guid orderId, DateTimeOffset at) => _accepted.Enqueue((orderId, at));

    /// <summary>The API accepted that an order be cancelled.</summary>
    public void CancellationAccepted(Guid orderId, DateTimeOffset at) => _cancelling.Enqueue((orderId, at));

    /// <summary>How an order ended; null while it has not.</summary>
    public OrderEnd? EndOf(Guid orderId) => _broker.EndOf(orderId);

    /// <summary>Reads what is left to read, once the system is quiet, and closes the book.</summary>
    /// <exception cref="LabException">A database or the ledger did not answer for too long.</exception>
    public async Task<HistoryBook> CloseAsync(CancellationToken cancellationToken)
    {
        var published = await _broker.CloseAsync(cancellationToken);
        await using var orders = new ServiceDatabase(_system.ConnectionString("orders-db"), _patience);
        await using var inventory = new ServiceDatabase(_system.ConnectionString("inventory-db"), _patience);
        await using var payments = new ServiceDatabase(_system.ConnectionString("payments-db"), _patience);
        var inboxes = new List<InboxRow>();
        var parked = new List<ParkedRow>();
        foreach (var database in (ServiceDatabase[])[orders, inventory, payments])
        {
            inboxes.AddRange(await database.InboxAsync(cancellationToken));
            parked.AddRange(await database.ParkedAsync(cancellationToken));
        }

        return new HistoryBook(new Evidence
        {
            Consumers = FlowTopics.Consumers(_options.Coordination),
            Accepted = [.. _accepted],
            Cancelling = [.. _cancelling],
            Published = published,
            Inboxes = inboxes,
            Parked = parked,
            Movements = await inventory.MovementsAsync(cancellationToken),
            Timelines = await orders.TimelinesAsync(cancellationToken),
            Orders = await orders.OrdersAsync(cancellationToken),
            Payments = await payments.PaymentsAsync(cancellationToken),
            Ledger = await new LedgerClient(_system.Http("payment-provider"), _patience).ReadAsync(0, cancellationToken),
            Gaps = _broker.Gaps,
        });
    }

    public ValueTask DisposeAsync() => _broker.DisposeAsync();
}
