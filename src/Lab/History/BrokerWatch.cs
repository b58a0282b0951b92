using System.Collections.Concurrent;
using Lab.Checking;
using Messaging;

namespace Lab.History;

/// <summary>The end of an order, as told on <c>orders.events</c>.</summary>
/// <param name="At">When, by the clock of the service that ended it.</param>
/// <param name="State">One of <see cref="OrderStates"/>.</param>
internal sealed record OrderEnd(DateTimeOffset At, string State);

/// <summary>Reads every topic of the flow, passively, while a run is on. Thread-safe.</summary>
/// <param name="transport">The way to the broker; it belongs to this object.</param>
/// <param name="clock">Measures the waits.</param>
internal sealed class BrokerWatch(ITransport transport, TimeProvider clock) : IAsyncDisposable
{
    private const int SlowestReading = 2_000; // messages per second

    // The shortest time in which a broker that was struck last comes back and gives out what a long run has left in it.
    private static readonly TimeSpan ReadingLimit = TimeSpan.FromSeconds(90);

    private readonly ConcurrentDictionary<Guid, OrderEnd> _ends = new();
    private readonly CancellationTokenSource _over = new();
    private readonly List<(TopicWatcher Watcher, bool MayBeMissing)> _watchers = [];
    private Task _following = Task.CompletedTask;

    /// <summary>How many orders have ended.</summary>
    public int Ended => _ends.Count;

    /// <summary>What could not be seen, a line each. After <see cref="CloseAsync"/>.</summary>
    public IReadOnlyList<string> Gaps => [.. _watchers.SelectMany(each => each.Watcher.Gaps)];

    /// <summary>Begins to read.</summary>
    public void Start()
    {
        _watchers.AddRange(FlowTopics.All.Select(topic => (new TopicWatcher(transport, topic, NoteEnd, clock), false)));
        _watchers.AddRange(FlowTopics.DeadLetters.Select(topic => (new TopicWatcher(transport, topic, _ => { }, clock), true)));
        _following = Task.WhenAll(_watchers.Select(each => each.Watcher.FollowAsync(_over.Token)));
    }

    /// <summary>How an order ended, the first time it did; null while it has not, or while nobody has told.</summary>
    public OrderEnd? EndOf(Guid orderId) => _ends.GetValueOrDefault(orderId);

    /// <summary>Stops following and reads everything once more, from the beginning to the present end.</summary>
    /// <returns>Every message seen, those of the dead letters too, in no order.</returns>
    public async Task<IReadOnlyList<HistoryEntry>> CloseAsync(CancellationToken cancellationToken)
    {
        await _over.CancelAsync();
        await _following;
        var seen = _watchers.Sum(each => each.Watcher.Messages.Count);
        using var limit = new CancellationTokenSource(ReadingLimit + TimeSpan.FromSeconds(seen / SlowestReading), clock);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        await Task.WhenAll(_watchers.Select(each => each.Watcher.ReadAllAsync(each.MayBeMissing, deadline.Token)));
        cancellationToken.ThrowIfCancellationRequested();
        return [.. _watchers.SelectMany(each => each.Watcher.Messages)];
    }

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _following;
        await transport.DisposeAsync();
        _over.Dispose();
    }

    private void NoteEnd(HistoryEntry message)
    {
        if (message.Where == FlowTopics.OrdersEvents && EndToldBy(message.What) is { } state && Guid.TryParse(message.Key, out var orderId))
            _ends.TryAdd(orderId, new OrderEnd(message.At, state));
    }

    /// <summary>The end that a type of message tells; null for any other.</summary>
    public static string? EndToldBy(string type) => type switch
    {
        "orders.order-confirmed.v1" => OrderStates.Confirmed,
        "orders.order-rejected.v1" => OrderStates.Rejected,
        "orders.order-cancelled.v1" => OrderStates.Cancelled,
        _ => null,
    };
}
