using System.Collections.Concurrent;
using Lab.Checking;

namespace Lab.Reading;

/// <summary>
/// Follows the ledger while orders run and tells when an order's money has been authorised. One reader serves every
/// order that waits; it ends with the token it was started with.
/// </summary>
internal sealed class LedgerTail(LedgerClient ledger, TimeProvider clock)
{
    // Sequence numbers are drawn before the entries are committed: one that was still being written is found on a second look.
    private const int Overlap = 100;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly ConcurrentDictionary<string, TaskCompletionSource> _authorized = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Completes when the ledger shows the authorisation of <paramref name="orderId"/>.</summary>
    public Task AuthorizedAsync(Guid orderId, CancellationToken cancellationToken) =>
        Of(orderId.ToString()).Task.WaitAsync(cancellationToken);

    /// <summary>Reads on until cancelled.</summary>
    public async Task FollowAsync(CancellationToken cancellationToken)
    {
        long position = 0;
        while (true)
        {
            foreach (var entry in await ledger.ReadAsync(Math.Max(0, position - Overlap), cancellationToken))
            {
                position = entry.Sequence;
                if (entry.Kind == LedgerKinds.Authorized) Of(entry.Reference).TrySetResult();
            }

            await Task.Delay(Pause, clock, cancellationToken);
        }
    }

    private TaskCompletionSource Of(string reference) =>
        _authorized.GetOrAdd(reference, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
}
