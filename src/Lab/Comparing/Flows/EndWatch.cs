using System.Collections.Concurrent;
using System.Diagnostics;
using Lab.Checking;
using Lab.History;
using Messaging;

namespace Lab.Comparing.Flows;

/// <summary>
/// Reads from outside, as anybody could, when the end of each order is told. Its time is this process's: what was meant to be sent when
/// and what was seen when are told by one clock. Thread-safe.
/// </summary>
internal sealed class EndWatch : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, OrderEnding> _ends = new();
    private readonly ITransport _transport;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _following;
    private int _confirmed;

    /// <param name="transport">The way to the broker; it belongs to this object.</param>
    /// <param name="clock">Measures the pauses of the reading.</param>
    public EndWatch(ITransport transport, TimeProvider clock)
    {
        _transport = transport;
        _following = new TopicWatcher(transport, FlowTopics.OrdersEvents, Note, clock).FollowAsync(_over.Token);
    }

    /// <summary>How many orders were confirmed so far.</summary>
    public int Confirmed => Volatile.Read(ref _confirmed);

    /// <summary>How an order ended and when that was seen; null while it was not.</summary>
    public OrderEnding? EndOf(Guid orderId) => _ends.GetValueOrDefault(orderId);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _following;
        await _transport.DisposeAsync();
        _over.Dispose();
    }

    private void Note(HistoryEntry message)
    {
        if (BrokerWatch.EndToldBy(message.What) is not { } state || !Guid.TryParse(message.Key, out var orderId)) return;
        if (_ends.TryAdd(orderId, new OrderEnding(Stopwatch.GetTimestamp(), state)) && state == OrderStates.Confirmed)
            Interlocked.Increment(ref _confirmed);
    }
}

/// <summary>The end of an order as it was seen.</summary>
/// <param name="Seen">When: a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="State">One of <see cref="OrderStates"/>.</param>
internal sealed record OrderEnding(long Seen, string State);
