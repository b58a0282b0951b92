using System.Threading.Channels;
using Messaging.Postgres;
using Microsoft.EntityFrameworkCore;

namespace Payments.CallingTheProvider;

/// <summary>Tells the worker of this process that a payment is due. Any number of calls before it looks count as one. Thread-safe.</summary>
internal sealed class PaymentSignal
{
    private readonly Channel<bool> _signal =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    /// <summary>A payment is due and committed.</summary>
    public void Set() => _signal.Writer.TryWrite(item: true);

    /// <summary>Waits until a payment was announced, or for <paramref name="atMost"/>.</summary>
    public async Task WaitAsync(TimeSpan atMost, TimeProvider time, CancellationToken cancellationToken)
    {
        using var patience = new CancellationTokenSource(atMost, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(patience.Token, cancellationToken);
        try
        {
            await _signal.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Nobody announced anything: time to look anyway.
        }
    }
}

/// <summary>Sets the signal when a transaction that made work for the worker has committed, and not before.</summary>
internal sealed class SignalAfterCommit(PaymentSignal signal) : IAfterCommit
{
    /// <inheritdoc/>
    public void Committed(DbContext db)
    {
        if (db is PaymentsDbContext payments && payments.TakeWork())
            signal.Set();
    }
}
