using Lab.Checking;
using Lab.Faults;
using Lab.Reporting;

namespace Lab.Proving;

/// <summary>Sees a run second by second, from when orders were due, accepted and ended.</summary>
internal static class RunTimeline
{
    // A flow counts as back when it ends this share of the orders that come.
    private const double BackAtShare = 0.8;

    /// <summary>One entry per second from the beginning to the last end.</summary>
    /// <param name="began">Second 0.</param>
    /// <param name="sent">The accepted orders.</param>
    /// <param name="views">The orders as read at the end; their timelines tell when they ended.</param>
    public static IReadOnlyList<SecondOfRun> Of(DateTimeOffset began, IReadOnlyList<SentOrder> sent, IReadOnlyList<OrderView> views)
    {
        var ends = EndsOf(views);
        var orders = sent.Select(order => (order.Due, order.AcceptedAt, order.Plan.Path,
            End: ends.TryGetValue(order.OrderId, out var end) ? end : (DateTimeOffset?)null)).ToArray();
        if (orders.Length == 0) return [];

        var last = orders.Max(order => Second(order.End ?? order.AcceptedAt));
        var due = Count(orders.Select(order => Second(order.Due)), last);
        var accepted = Count(orders.Select(order => Second(order.AcceptedAt)), last);
        var ended = Count(orders.Where(order => order.End is not null).Select(order => Second(order.End!.Value)), last);
        var latencies = orders.Where(order => order.End is not null && !order.Path.TakesSeconds)
            .ToLookup(order => Second(order.End!.Value), order => (order.End!.Value - order.Due).TotalMilliseconds);

        var open = 0;
        var seconds = new SecondOfRun[last + 1];
        for (var second = 0; second <= last; second++)
        {
            open += accepted[second] - ended[second];
            double[] sorted = [.. latencies[second].Order()];
            seconds[second] = new SecondOfRun(second, due[second], accepted[second], ended[second], open, Percentile.Of(sorted, 50), Percentile.Of(sorted, 99));
        }

        return seconds;

        int Second(DateTimeOffset at) => Math.Max(0, (int)Math.Floor((at - began).TotalSeconds));
    }

    /// <summary>
    /// Tells of each fault how long after its healing the flow ended most of the orders that come again, and how long until the last order had
    /// ended that was due before: until then something of what it held up was left. Faults that strike meanwhile make both longer. Orders
    /// that take seconds by themselves hold up nothing.
    /// </summary>
    /// <param name="faults">What struck.</param>
    /// <param name="began">Second 0.</param>
    /// <param name="seconds">The run, second by second.</param>
    /// <param name="rate">How many orders came per second.</param>
    /// <param name="sent">The accepted orders.</param>
    /// <param name="views">The orders as read at the end; their timelines tell when they ended.</param>
    public static IReadOnlyList<StruckFault> WithRecovery(
        IReadOnlyList<StruckFault> faults, DateTimeOffset began, IReadOnlyList<SecondOfRun> seconds, int rate, IReadOnlyList<SentOrder> sent,
        IReadOnlyList<OrderView> views)
    {
        var ends = EndsOf(views);
        var orders = sent.Where(order => !order.Plan.Path.TakesSeconds)
            .Select(order => (order.Due, End: ends.TryGetValue(order.OrderId, out var end) ? end : (DateTimeOffset?)null)).ToArray();
        return [.. faults.Select(fault => fault with { RecoverySeconds = RecoveryOf(fault), CaughtUpSeconds = CaughtUpOf(fault) })];

        double? RecoveryOf(StruckFault fault)
        {
            var healed = (fault.Healed - began).TotalSeconds;
            var back = seconds.FirstOrDefault(second => second.Second + 1 > healed && (second.Ended >= rate * BackAtShare || second.Open == 0));
            return back is null ? null : Math.Round(Math.Max(0, back.Second - healed), 1);
        }

        double? CaughtUpOf(StruckFault fault)
        {
            var heldUp = orders.Where(order => order.Due < fault.Healed && !(order.End <= fault.Healed)).ToArray();
            if (heldUp.Any(order => order.End is null)) return null;
            return heldUp.Length == 0 ? 0 : Math.Round(heldUp.Max(order => (order.End!.Value - fault.Healed).TotalSeconds), 1);
        }
    }

    private static Dictionary<Guid, DateTimeOffset> EndsOf(IReadOnlyList<OrderView> views) =>
        views.Where(view => view.Ends.Any()).DistinctBy(view => view.OrderId).ToDictionary(view => view.OrderId, view => view.Ends.Min(entry => entry.At));

    private static int[] Count(IEnumerable<int> seconds, int last)
    {
        var counts = new int[last + 1];
        foreach (var second in seconds) counts[Math.Min(second, last)]++;
        return counts;
    }
}
