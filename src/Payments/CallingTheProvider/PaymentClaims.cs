using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Payments.CallingTheProvider;

/// <summary>
/// Which worker calls the provider for which payment. A claim is a lease: a payment whose worker has vanished becomes due again,
/// and calling twice is harmless. Scoped.
/// </summary>
internal sealed class PaymentClaims(PaymentsDbContext db, IOptions<ProviderOptions> options, TimeProvider time)
{
    /// <summary>Takes up to <paramref name="count"/> due payments in these states that no other worker holds, those tried least first.</summary>
    public async Task<IReadOnlyList<Payment>> TakeAsync(int count, IEnumerable<PaymentState> states, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        string[] names = [.. states.Select(state => state.ToString())];

        // A lease that a crash of the server takes back makes the payment due early, so taking it need not wait for the disk.
        return await db.Payments.FromSql(
            $"""
            with lightly as materialized (select set_config('synchronous_commit', 'off', true)),
            due as (
              select order_id from payments.payments where due_at <= {now} and state = any({names})
              order by attempts, due_at limit {count}
              for update skip locked)
            update payments.payments p set due_at = {now + options.Value.Lease}
            from due, lightly where p.order_id = due.order_id
            returning p.*, p.xmin
            """).AsNoTracking().ToListAsync(cancellationToken);
    }

    /// <summary>Makes a payment due again, unless it has moved on meanwhile.</summary>
    /// <param name="payment">As it was claimed, but for what the call has added to its attempts and refusals.</param>
    /// <param name="pause">How long it is left alone.</param>
    /// <param name="cancellationToken">Gives up; the lease makes it due then.</param>
    /// <returns>How many payments were put back: one, or none.</returns>
    public Task<int> PutBackAsync(Payment payment, TimeSpan pause, CancellationToken cancellationToken)
    {
        var due = time.GetUtcNow() + pause;
        return AsClaimed(payment).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.Attempts, payment.Attempts)
                .SetProperty(row => row.Refusals, payment.Refusals)
                .SetProperty(row => row.DueAt, due),
            cancellationToken);
    }

    /// <summary>Ends the calls for a payment that the provider keeps refusing, unless it has moved on meanwhile.</summary>
    /// <returns>How many payments were given up: one, or none.</returns>
    public Task<int> GiveUpAsync(Payment payment, PaymentState refused, string reason, CancellationToken cancellationToken) =>
        AsClaimed(payment).ExecuteUpdateAsync(
            set => set.SetProperty(row => row.State, refused)
                .SetProperty(row => row.Attempts, payment.Attempts)
                .SetProperty(row => row.Refusals, payment.Refusals)
                .SetProperty(row => row.Reason, reason)
                .SetProperty(row => row.DueAt, (DateTimeOffset?)null),
            cancellationToken);

    private IQueryable<Payment> AsClaimed(Payment payment) =>
        db.Payments.Where(row => row.OrderId == payment.OrderId && row.State == payment.State);
}
