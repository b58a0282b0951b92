using Lab.Checking;
using Lab.Reading;

namespace Lab.Placing;

/// <summary>Places orders as customers do, cancels those whose path says so, and follows each to its end.</summary>
/// <param name="orders">The API.</param>
/// <param name="ledger">Tells when money has been authorised.</param>
/// <param name="progress">Is told of every order.</param>
/// <param name="clock">Measures the waits.</param>
internal sealed class Customer(OrdersClient orders, LedgerTail ledger, OrderProgress progress, TimeProvider clock)
{
    // Few enough that an order meets a system at ease rather than a queue. The slow ones hold a call to the provider for
    // seconds: more of them would take the places of the quick ones and cancel those by their deadlines.
    private const int QuickOrdersAtOnce = 16;
    private const int SlowOrdersAtOnce = 10;

    // The slowest path waits for a payment deadline; when nothing at all has ended for this long, nothing more will.
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(60);

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Runs every order to its end, or until nothing ends any more.</summary>
    /// <returns>One outcome per order, in the order of the plan.</returns>
    public async Task<IReadOnlyList<OrderOutcome>> RunAsync(IReadOnlyList<PlannedOrder> plan, CancellationToken cancellationToken)
    {
        var outcomes = new OrderOutcome[plan.Count];
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tail = ledger.FollowAsync(following.Token);

        try
        {
            // The first order finds everything cold: it goes alone, so that the others show the system and not its start.
            var first = Enumerable.Range(0, plan.Count).FirstOrDefault(index => plan[index].Path == OrderPath.Confirmed);
            outcomes[first] = await RunOneAsync(plan[first], cancellationToken);
            var rest = Enumerable.Range(0, plan.Count).Where(index => index != first).ToLookup(index => plan[index].Path.TakesSeconds);
            await Task.WhenAll(RunAtOnceAsync(rest[false], QuickOrdersAtOnce), RunAtOnceAsync(rest[true], SlowOrdersAtOnce));
        }
        finally
        {
            await following.CancelAsync();
            await tail.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        // Cancelled is how it ends; failed is something to tell.
        if (tail.IsFaulted) await tail;
        return outcomes;

        Task RunAtOnceAsync(IEnumerable<int> indices, int degree) => Parallel.ForEachAsync(
            indices,
            new ParallelOptions { MaxDegreeOfParallelism = degree, CancellationToken = cancellationToken },
            async (index, cancel) => outcomes[index] = await RunOneAsync(plan[index], cancel));
    }

    private async Task<OrderOutcome> RunOneAsync(PlannedOrder plan, CancellationToken cancellationToken)
    {
        var orderId = await orders.PlaceAsync(plan, cancellationToken);
        progress.OrderPlaced();
        if (plan.Path.Cancellation is Cancellation.BeforePayment) await orders.CancelAsync(orderId, cancellationToken);

        var ended = EndAsync(orderId, cancellationToken);
        if (plan.Path.Cancellation is Cancellation.AfterAuthorization
            && await Task.WhenAny(ledger.AuthorizedAsync(orderId, cancellationToken), ended) != ended)
        {
            await orders.CancelAsync(orderId, cancellationToken);
        }

        var outcome = new OrderOutcome(plan, orderId, await ended);
        if (outcome.HasEnded) progress.OrderEnded();
        return outcome;
    }

    private async Task<OrderView?> EndAsync(Guid orderId, CancellationToken cancellationToken)
    {
        for (var pause = FirstLook; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            await Task.Delay(pause, clock, cancellationToken);
            var view = await orders.FindAsync(orderId, cancellationToken);
            // The write model may know of the end before the timeline tells of it.
            if (view is not null && view.Ends.Any()) return view;
            if (progress.SinceLastEnd > GiveUpAfter) return view;
        }
    }
}
