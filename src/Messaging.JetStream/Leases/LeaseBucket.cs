using System.Diagnostics;

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
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    private readonly SemaphoreSlim _gate = new(1);
    private INatsKVStore? _store;
    private DateTimeOffset? _made;
    private long? _missingSince;
    private CancellationTokenSource _replaced = new();

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
            _store = await OpenedStores.OpenAsync(() => FindOrMakeAsync(cancellationToken), options.RequestTimeout, cancellationToken);
            return _store;
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Cancelled when the bucket turns out to have been deleted: what was seen of it holds no longer, and the server does not always tell.</summary>
    public CancellationToken Replaced => Volatile.Read(ref _replaced).Token;

    /// <summary>The bucket is not what it was: the next one who asks opens it anew.</summary>
    public void Forget() => Volatile.Write(ref _store, null);

    public void Dispose() => _gate.Dispose();

    /// <summary>
    /// A bucket that has gone is somebody's doing and made anew only after a pause, unless another process makes it meanwhile: nats-server 2.9
    /// removes the files of the new one with those of the old, after which it takes no more writes.
    /// </summary>
    private async ValueTask<INatsKVStore> FindOrMakeAsync(CancellationToken cancellationToken)
    {
        var buckets = new NatsKVContext(link.JetStream);
        while (true)
        {
            var store = await FindAsync(buckets, cancellationToken);
            if (store is null)
            {
                // Kept from call to call: a caller who has less time than the pause takes gets there all the same.
                _missingSince ??= Stopwatch.GetTimestamp();
                if (_made is not null && Stopwatch.GetElapsedTime(_missingSince.Value) < Removal)
                {
                    await Task.Delay(Look, cancellationToken);
                    continue;
                }

                store = await buckets.CreateStoreAsync(
                    new NatsKVConfig(Name) { Description = "Which process owns which partition", History = 1, MaxAge = Kept, NumberOfReplicas = options.Replicas },
                    cancellationToken);
            }

            _missingSince = null;
            if (await TryRememberAsync(store, cancellationToken))
                return store;
        }
    }

    /// <summary>Null where there is none. One that is as asked is left alone: an update that meets a deletion ends nats-server 2.9.</summary>
    private async ValueTask<INatsKVStore?> FindAsync(NatsKVContext buckets, CancellationToken cancellationToken)
    {
        try
        {
            var made = (await link.JetStream.GetStreamAsync("KV_" + Name, cancellationToken: cancellationToken)).Info.Config;
            var asked = made with
            {
                AllowDirect = true,
                MaxMsgsPerSubject = 1,
                MaxAge = Kept,
                DuplicateWindow = made.DuplicateWindow > Kept ? Kept : made.DuplicateWindow, // The server refuses a longer one.
                NumReplicas = options.Replicas,
            };
            if (made != asked)
                await link.JetStream.UpdateStreamAsync(asked, cancellationToken);
            return await buckets.GetStoreAsync(Name, cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            return null;
        }
    }

    /// <summary>False when it has gone again.</summary>
    private async Task<bool> TryRememberAsync(INatsKVStore store, CancellationToken cancellationToken)
    {
        DateTimeOffset made;
        try
        {
            made = (await store.GetStatusAsync(cancellationToken)).Info.Created;
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            return false;
        }

        var isAnother = _made is { } before && before != made;
        _made = made;
        if (isAnother)
            await Interlocked.Exchange(ref _replaced, new CancellationTokenSource()).CancelAsync();
        return true;
    }
}
