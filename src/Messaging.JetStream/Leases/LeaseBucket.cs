namespace Messaging.JetStream.Leases;

/// <summary>
/// The leases of all groups on the server, one key-value bucket. Of the group <c>payments</c> on <c>orders.events</c> the key
/// <c>orders_events.payments.p0</c> names the owner of partition 0, and <c>orders_events.payments.m-…</c> a member. Thread-safe.
/// </summary>
internal sealed class LeaseBucket(JetStreamLink link, JetStreamTransportOptions options) : IDisposable
{
    private const string Name = "messaging-leases";

    // Only sweeps up behind groups that are gone: whether a lease is in force is told by its age.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _gate = new(1);
    private INatsKVStore? _store;

    private INatsKVStore? Opened => Volatile.Read(ref _store) is { } store && ReferenceEquals(store.JetStreamContext, link.JetStream) ? store : null;

    /// <summary>The bucket over the present connection; made where it is missing.</summary>
    public async ValueTask<INatsKVStore> OpenAsync(CancellationToken cancellationToken)
    {
        if (Opened is { } open)
            return open;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            // Every lease renewed at this moment comes here: the first opens it for all.
            if (Opened is { } opened)
                return opened;
            await link.WaitUntilOpenAsync(cancellationToken);
            var asked = new NatsKVConfig(Name) { Description = "Which process owns which partition", History = 1, MaxAge = Kept, NumberOfReplicas = options.Replicas };
            var buckets = new NatsKVContext(link.JetStream);
            _store = await OpenedStores.OpenAsync(() => buckets.CreateOrUpdateStoreAsync(asked, cancellationToken), options.RequestTimeout, cancellationToken);
            return _store;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>The bucket is not what it was: the next one who asks opens it anew.</summary>
    public void Forget() => Volatile.Write(ref _store, null);

    public void Dispose() => _gate.Dispose();
}
