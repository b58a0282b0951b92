using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Payments.CallingTheProvider;

/// <summary>
/// Which worker calls the provider for which payment. A claim is a lease: a payment whose worker has vanished becomes due again,
/// and calling twice is harmless. Scoped.
/// </summary>
internal sealed class PaymentClaims(PaymentsDbContext db, IOptions<ProviderOptions> options, TimeProvider time)
{
    /// <summary>Takes up to <paramref name="count"/> due payments that no other worker holds, those tried least first.</summary>
    public async Task<IReadOnlyList<Payment>> TakeAsync(int count, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return await db.Payments.FromSql(
            $"""
            with due as (
              select order_id from payments.payments where due_at <= {now} order by attempts, due_at limit {count}
              for update skip locked)
            update payments.payments p set due_at = {now + options.Value.Lease}
            from due where p.order_id = due.order_id
            returning p.*, p.xmin
            """).AsNoTracking().ToListAsync(cancellationToken);
    }

    /// <summary>Makes a payment due again after a call in vain, unless it has moved on meanwhile.</summary>
    /// <param name="payment">As it was claimed.</param>
    /// <param name="attempts">Calls in vain since it entered its state.</param>
    /// <param name="pause">How long it is left alone.</param>
    /// <param name="cancellationToken">Gives up; the lease makes it due then.</param>
    public Task<int> PutBackAsync(Payment payment, int attempts, TimeSpan pause, CancellationToken cancellationToken)
    {
        var due = time.GetUtcNow() + pause;
        return db.Payments
            .Where(row => row.OrderId == payment.OrderId && row.State == payment.State)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.Attempts, attempts).SetProperty(row => row.DueAt, due), cancellationToken);
    }
}
