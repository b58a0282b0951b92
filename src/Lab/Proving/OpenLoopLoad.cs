using System.Collections.Concurrent;
using Lab.History;
using Lab.Placing;
using Lab.Reading;

namespace Lab.Proving;

/// <summary>
/// Places orders at a fixed rate, whatever becomes of those before: customers do not wait for each other, and a system that is
/// down is not spared the orders that come meanwhile. Each is repeated under its idempotency key until it is answered.
/// </summary>
/// <param name="orders">The API.</param>
/// <param name="ledger">Tells when money has been authorised.</param>
/// <param name="recorder">Is told what the API accepted.</param>
/// <param name="clock">Times the orders.</param>
internal sealed class OpenLoopLoad(OrdersClient orders, LedgerTail ledger, HistoryRecorder recorder, TimeProvider clock)
{
    // A customer who wants to cancel what has been paid gives up waiting for that.
    private static readonly TimeSpan LongestWaitForAuthorization = TimeSpan.FromSeconds(10);

    private readonly ConcurrentBag<SentOrder> _sent = [];
    private readonly ConcurrentQueue<string> _unanswered = new();
    private int _due;

    /// <summary>How many orders were due to be sent so far.</summary>
    public int Due => Volatile.Read(ref _due);

    /// <summary>How many orders the API accepted so far.</summary>
    public int Accepted => _sent.Count;

    /// <summary>What the API refused, or did not answer for too long: whether it did what it was asked nobody knows.</summary>
    public IReadOnlyList<string> Unanswered => [.. _unanswered];

    /// <summary>Sends the plan and waits until each order is answered.</summary>
    /// <param name="plan">The orders.</param>
    /// <param name="rate">How many of them per second.</param>
    /// <param name="began">When the first is due.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The accepted orders by the time they were due.</returns>
    public async Task<IReadOnlyList<SentOrder>> RunAsync(IReadOnlyList<PlannedOrder> plan, int rate, DateTimeOffset began, CancellationToken cancellationToken)
    {
        using var following = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var tail = ledger.FollowAsync(following.Token);
        try
        {
            var sending = new List<Task>(plan.Count);
            for (var i = 0; i < plan.Count; i++)
            {
                var due = began + TimeSpan.FromSeconds((double)i / rate);
                if (due - clock.GetUtcNow() is { Ticks: > 0 } early) await Task.Delay(early, clock, cancellationToken);
                Interlocked.Increment(ref _due);
                sending.Add(SendAsync(plan[i], due, cancellationToken));
            }

            await Task.WhenAll(sending);
        }
        finally
        {
            await following.CancelAsync();
            await tail.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (tail.IsFaulted) await tail;
        return [.. _sent.OrderBy(order => order.Due)];
    }

    private async Task SendAsync(PlannedOrder plan, DateTimeOffset due, CancellationToken cancellationToken)
    {
        try
        {
            await PlaceAsync(plan, due, cancellationToken);
        }
        catch (LabException failure)
        {
            _unanswered.Enqueue(failure.Message);
        }
    }

    private async Task PlaceAsync(PlannedOrder plan, DateTimeOffset due, CancellationToken cancellationToken)
    {
        var orderId = await orders.PlaceAsync(plan, cancellationToken);
        var sent = new SentOrder(plan, orderId, due, clock.GetUtcNow());
        _sent.Add(sent);
        recorder.Accepted(orderId, sent.AcceptedAt);
        var cancels = plan.Path.Cancellation is Cancellation.BeforePayment
            || (plan.Path.Cancellation is Cancellation.AfterAuthorization && await IsAuthorizedAsync(orderId, cancellationToken));
        if (cancels && await orders.CancelAsync(orderId, cancellationToken)) recorder.CancellationAccepted(orderId, clock.GetUtcNow());
    }

    // Under faults an order may end without ever having been authorised.
    private async Task<bool> IsAuthorizedAsync(Guid orderId, CancellationToken cancellationToken)
    {
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var authorized = ledger.AuthorizedAsync(orderId, waiting.Token);
        await Task.WhenAny(authorized, Task.Delay(LongestWaitForAuthorization, clock, waiting.Token));
        var seen = authorized.IsCompletedSuccessfully;
        await waiting.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
        return seen;
    }
}

/// <summary>An order that the API accepted.</summary>
/// <param name="Plan">What it was meant to do.</param>
/// <param name="OrderId">The id it was accepted under.</param>
/// <param name="Due">When it was due to be sent.</param>
/// <param name="AcceptedAt">When the answer came.</param>
internal sealed record SentOrder(PlannedOrder Plan, Guid OrderId, DateTimeOffset Due, DateTimeOffset AcceptedAt);
