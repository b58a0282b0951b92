using Lab.Checking;

namespace Lab.Reading;

/// <summary>Waits until nothing moves any more.</summary>
internal static class Quiet
{
    // A message between two services shows nowhere for an instant, and lag is a gauge the services renew once a second:
    // the quiet readings in a row must span more than that.
    private const int QuietReadings = 4;

    /// <summary>The usual pause between two readings.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);

    // Between a message and the next there may be a call of the bank or a deadline (10 s; 15 s in choreography) and its consequences.
    private static readonly TimeSpan AfterDelivery = TimeSpan.FromSeconds(20);

    /// <summary>Waits for several quiet readings in a row.</summary>
    /// <param name="read">Reads what is still under way.</param>
    /// <param name="pause">The pause between two readings.</param>
    /// <param name="limit">How long to wait.</param>
    /// <param name="deliveryLimit">How much longer to wait while messages are still to be handled, or were within the last 20 s: what waits for those is late, not stuck.</param>
    /// <param name="clock">Measures the wait.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What was still under way when the time was up; empty when the system is quiet.</returns>
    public static async Task<IReadOnlyList<string>> WaitAsync(
        Func<CancellationToken, Task<UnderWay>> read,
        TimeSpan pause,
        TimeSpan limit,
        TimeSpan deliveryLimit,
        TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        long? delivering = null;
        for (var quiet = 0; ;)
        {
            var seen = await read(cancellationToken);
            if (seen.IsDelivering) delivering = clock.GetTimestamp();
            quiet = seen.Left.Count == 0 ? quiet + 1 : 0;
            if (quiet == QuietReadings || (seen.Left.Count > 0 && IsOver(clock.GetElapsedTime(began)))) return seen.Left;
            await Task.Delay(pause, clock, cancellationToken);
        }

        bool IsOver(TimeSpan waited) => waited > limit
            && (delivering is not { } last || clock.GetElapsedTime(last) > AfterDelivery || waited > limit + deliveryLimit);
    }

    /// <summary>Says what is under way, one line each.</summary>
    public static UnderWay Describe(Snapshot seen)
    {
        var undelivered = DescribeUndelivered(seen);
        var parked = seen.Backlogs.Sum(backlog => backlog.Parked.Count(message => message.State == ParkedStates.Parked));
        var open = seen.Orders.Count(order => !OrderStates.IsEnd(order.State));
        var reserved = seen.Stock.Sum(row => row.Reserved);
        var unsettled = seen.Payments.Count(payment => !PaymentStates.IsEnd(payment.State));
        var held = seen.Ledger.GroupBy(entry => entry.Reference, entry => entry.Kind, StringComparer.OrdinalIgnoreCase)
            .Count(kinds => kinds.Contains(LedgerKinds.Authorized)
                && !kinds.Contains(LedgerKinds.Captured) && !kinds.Contains(LedgerKinds.Voided));
        IEnumerable<string?> left =
        [
            open > 0 ? $"{open} orders without an end" : null,
            .. seen.Backlogs.Where(backlog => backlog.OutboxRows > 0)
                .Select(backlog => $"{backlog.OutboxRows} rows in the outbox of {backlog.Service}"),
            .. undelivered,
            parked > 0 ? $"{parked} messages parked" : null,
            reserved > 0 ? $"{reserved} pieces reserved" : null,
            unsettled > 0 ? $"{unsettled} payments the provider has not settled" : null,
            held > 0 ? $"{held} authorisations neither captured nor voided" : null,
        ];
        return new UnderWay([.. left.OfType<string>()], undelivered.Count > 0);
    }

    private static IReadOnlyList<string> DescribeUndelivered(Snapshot seen) =>
    [
        .. seen.Lags.GroupBy(lag => lag.Consumer, StringComparer.Ordinal)
            .Select(consumer => (consumer.Key, Lag: consumer.Sum(lag => lag.Messages)))
            .Where(consumer => consumer.Lag > 0)
            .Select(consumer => $"{consumer.Key} {consumer.Lag} messages behind"),
        .. seen.Unowned.CountBy(unowned => unowned.Consumer, StringComparer.Ordinal)
            .Select(consumer => $"{consumer.Value} partitions of {consumer.Key} that no service of this system owns"),
    ];
}

/// <summary>What is still under way.</summary>
/// <param name="Left">What it is, one line each; empty when nothing moves.</param>
/// <param name="IsDelivering">Whether a consumer has still to take a message in, or may have. Parked ones do not count: they may be tried again for minutes.</param>
internal sealed record UnderWay(IReadOnlyList<string> Left, bool IsDelivering);
