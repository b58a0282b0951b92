using Lab.Checking;
using Lab.Faults;

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
        var ends = views.Where(view => view.Ends.Any()).DistinctBy(view => view.OrderId)
            .ToDictionary(view => view.OrderId, view => view.Ends.Min(entry => entry.At));
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
            seconds[second] = new SecondOfRun(second, due[second], accepted[second], ended[second], open, Percentile(sorted, 50), Percentile(sorted, 99));
        }

        return seconds;

        int Second(DateTimeOffset at) => Math.Max(0, (int)Math.Floor((at - began).TotalSeconds));
    }

    /// <summary>Tells of each fault how long after its healing the flow was back: ending most of what comes, with no more open than before it.</summary>
    public static IReadOnlyList<StruckFault> WithRecovery(
        IReadOnlyList<StruckFault> faults, DateTimeOffset began, IReadOnlyList<SecondOfRun> seconds, int rate) =>
        [.. faults.Select(fault => fault with { RecoverySeconds = RecoveryOf(fault, faults, began, seconds, rate) })];

    private static double? RecoveryOf(
        StruckFault fault, IReadOnlyList<StruckFault> faults, DateTimeOffset began, IReadOnlyList<SecondOfRun> seconds, int rate)
    {
        var struckAt = (fault.Began - began).TotalSeconds;
        var healedAt = (fault.Healed - began).TotalSeconds;
        var next = faults.Where(other => other.Began > fault.Began && other != fault)
            .Select(other => (other.Began - began).TotalSeconds).DefaultIfEmpty(double.MaxValue).Min();
        var before = seconds.Where(second => second.Second < struckAt && second.Second >= struckAt - 5).Select(second => second.Open).DefaultIfEmpty(0).Max();
        var back = seconds.FirstOrDefault(second => second.Second + 1 > healedAt
            && second.Open <= before + rate
            && (second.Ended >= rate * BackAtShare || second.Sent < rate * BackAtShare));
        if (back is null || back.Second >= next) return null;
        return Math.Round(Math.Max(0, back.Second - healedAt), 1);
    }

    private static int[] Count(IEnumerable<int> seconds, int last)
    {
        var counts = new int[last + 1];
        foreach (var second in seconds) counts[Math.Min(second, last)]++;
        return counts;
    }

    // Nearest rank: a value that was measured, never one between two.
    private static double? Percentile(double[] sorted, int percent) =>
        sorted.Length == 0 ? null : Math.Round(sorted[(int)Math.Ceiling(sorted.Length * percent / 100.0) - 1], 1);
}
