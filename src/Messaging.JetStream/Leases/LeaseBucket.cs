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

    // Of a bucket that somebody deletes the name is free before its files are gone; nothing tells when.
    private static readonly TimeSpan Removal = TimeSpan.FromSeconds(1);

    private readonly SemaphoreSlim _gate = new(1);
    private INatsKVStore? _store;
    private bool _wasThere;

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
            var buckets = new NatsKVContext(link.JetStream);
            _store = await OpenedStores.OpenAsync(() => FindOrMakeAsync(buckets, cancellationToken), options.RequestTimeout, cancellationToken);
            _wasThere = true;
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

    /// <summary>
    /// A bucket that has gone is somebody's doing and made anew only after a pause: nats-server 2.9 removes the files of the new one with those
    /// of the old, after which it takes no more writes, and ends itself over an update that meets the deletion.
    /// </summary>
    private async ValueTask<INatsKVStore> FindOrMakeAsync(NatsKVContext buckets, CancellationToken cancellationToken)
    {
        try
        {
            if (_wasThere)
                return await buckets.GetStoreAsync(Name, cancellationToken);
        }
        catch (NatsJSApiException gone) when (gone.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            await Task.Delay(Removal, cancellationToken);
        }

        var asked = new NatsKVConfig(Name) { Description = "Which process owns which partition", History = 1, MaxAge = Kept, NumberOfReplicas = options.Replicas };
        return await buckets.CreateOrUpdateStoreAsync(asked, cancellationToken);
    }
}
