using System.Diagnostics;
using Lab.Comparing.Flows;
using Lab.Comparing.Results;
using Lab.Faults;
using Lab.Running;

namespace Lab.Comparing.Recovering;

/// <summary>
/// Kills the broker under load and tells how long it is down, from then until the flow ends orders at its rate again, and until
/// everything that was held up has ended.
/// </summary>
/// <param name="flow">The system.</param>
/// <param name="options">How it was started.</param>
/// <param name="extent">How long orders are sent before and after.</param>
internal sealed class RecoveryLane(FlowUnderTest flow, SystemOptions options, RecoveryExtent extent)
{
    /// <summary>Of fewer orders per second a half second has too few ends to tell a rate.</summary>
    public const double LeastRate = 10;

    /// <summary>The share of the capacity that is offered: enough is left to work off what was held up.</summary>
    public const double ShareOfCapacity = 0.5;

    // The flow is back when it ends this share of the orders that come, counted over half a second.
    private const double BackAtShare = 0.8;
    private static readonly TimeSpan Window = TimeSpan.FromMilliseconds(500);

    /// <summary>Why it cannot be run on this system; null when it can.</summary>
    public string? Hindrance => flow.System.BrokerOutlivesAKill ? null
        : flow.System.Processes(flow.System.Broker).Count > 0 ? "recovery: the embedded Kafka holds everything in memory: killed, it has lost it"
        : "recovery: the broker runs elsewhere: it is not ours to kill";

    /// <summary>Runs it once.</summary>
    /// <param name="repeat">Which repeat it is.</param>
    /// <param name="rate">Orders per second.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="LabException">The broker did not come back, or orders were not accepted, or did not end as they should.</exception>
    public async Task<RecoveryRun> RunAsync(int repeat, double rate, CancellationToken cancellationToken)
    {
        var orders = new PlacedOrders();
        var bodies = flow.Bodies((int)(rate * (extent.Before + extent.After).TotalSeconds));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var sending = flow.SendAsync(bodies, rate, orders, ending.Token);
        try
        {
            await Task.WhenAny(sending, Task.Delay(extent.Before, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
            var killed = Stopwatch.GetTimestamp();
            await KillAndWaitAsync(cancellationToken);
            var up = Stopwatch.GetTimestamp();
            if (sending.IsCompleted) throw new LabException("recovery: the broker was away for longer than orders were sent");
            await (await sending).Answered;
            var isWhole = await flow.EndAsync(orders, cancellationToken);
            // Those that have not ended in time are told of as such; any other end is no recovery.
            if (flow.Missing(orders) is { } missing && (isWhole || orders.Failures.Count > 0)) throw new LabException($"recovery: {missing}");
            return new RecoveryRun(
                repeat, rate, Seconds(killed, up), BackAfter(orders, up, rate), isWhole ? CaughtUpAfter(orders, up) : null);
        }
        finally
        {
            await ending.CancelAsync(); // Nothing is sent into what comes next.
            await ((Task)sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task KillAndWaitAsync(CancellationToken cancellationToken)
    {
        var site = new FaultSite(flow.System, options, TimeProvider.System, Seed: 1, Orders: 0);
        var name = flow.System.Broker;
        var running = flow.System.Processes(name);
        running[0].Kill();
        await Restart.WaitAsync(site, name, running[0], running.Count, cancellationToken);
    }

    private double? BackAfter(PlacedOrders orders, long up, double rate)
    {
        var ends = orders.Accepted.Select(order => flow.Watch.EndOf(order.OrderId)?.Seen).OfType<long>().Where(seen => seen >= up).Order().ToArray();
        var wanted = (int)Math.Ceiling(rate * BackAtShare * Window.TotalSeconds);
        for (var first = 0; first + wanted - 1 < ends.Length; first++)
        {
            if (Stopwatch.GetElapsedTime(ends[first], ends[first + wanted - 1]) <= Window) return Seconds(up, ends[first]);
        }

        return null;
    }

    private double CaughtUpAfter(PlacedOrders orders, long up)
    {
        var heldUp = orders.Accepted.Where(order => order.Accepted < up).Select(order => flow.Watch.EndOf(order.OrderId)!.Seen).Where(seen => seen > up);
        return heldUp.Select(seen => Seconds(up, seen)).DefaultIfEmpty(0).Max();
    }

    private static double Seconds(long from, long to) => Math.Round(Stopwatch.GetElapsedTime(from, to).TotalSeconds, 2);
}

/// <summary>How long the recovery lane sends orders.</summary>
/// <param name="Before">Before the broker is killed.</param>
/// <param name="After">After that.</param>
/// <param name="Runs">How often on one system.</param>
internal sealed record RecoveryExtent(TimeSpan Before, TimeSpan After, int Runs)
{
    /// <summary>For a first look.</summary>
    public static RecoveryExtent Quick { get; } = new(TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(7), 1);

    /// <summary>For figures to go by.</summary>
    public static RecoveryExtent Full { get; } = new(TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(30), 2);

    /// <summary>About how long it takes.</summary>
    public TimeSpan Estimate => (Before + After + TimeSpan.FromSeconds(5)) * Runs;
}
