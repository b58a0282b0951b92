using System.Collections.Concurrent;
using Lab.Comparing.Measuring;

namespace Lab.Comparing.Flows;

/// <summary>The orders of one run: when each was meant to be sent, was accepted, and ended. Thread-safe while they are sent.</summary>
internal sealed class PlacedOrders
{
    private readonly ConcurrentQueue<PlacedOrder> _accepted = new();
    private readonly ConcurrentQueue<string> _failures = new();

    /// <summary>The accepted ones, in no order.</summary>
    public IReadOnlyCollection<PlacedOrder> Accepted => _accepted;

    /// <summary>Why the others were not accepted.</summary>
    public IReadOnlyCollection<string> Failures => _failures;

    /// <summary>The API accepted an order.</summary>
    public void Add(PlacedOrder order) => _accepted.Enqueue(order);

    /// <summary>The API did not accept an order.</summary>
    public void Fail(string why) => _failures.Enqueue(why);

    /// <summary>How many of them have ended.</summary>
    public int CountEnded(EndWatch watch) => _accepted.Count(order => watch.EndOf(order.OrderId) is not null);

    /// <summary>How many of them were seen to end from one timestamp of <see cref="System.Diagnostics.Stopwatch"/> on and before another.</summary>
    public int CountEnded(EndWatch watch, long from, long until) =>
        _accepted.Count(order => watch.EndOf(order.OrderId) is { } end && end.Seen >= from && end.Seen < until);

    /// <summary>The three histograms: intended to accepted, accepted to ended, intended to ended. Those without an end are in none of the latter.</summary>
    public (LatencyHistogram Accept, LatencyHistogram AcceptToEnd, LatencyHistogram Whole) Measure(EndWatch watch)
    {
        var (accept, rest, whole) = (new LatencyHistogram(), new LatencyHistogram(), new LatencyHistogram());
        foreach (var order in _accepted)
        {
            accept.Record(order.Intended, order.Accepted);
            if (watch.EndOf(order.OrderId) is not { } end) continue;
            // The end may be told before the answer to the request has come back: it then took no time at all.
            rest.Record(order.Accepted, Math.Max(order.Accepted, end.Seen));
            whole.Record(order.Intended, end.Seen);
        }

        return (accept, rest, whole);
    }
}

/// <summary>An order that was accepted; its times are timestamps of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
internal sealed record PlacedOrder(Guid OrderId, long Intended, long Accepted);
