using System.Runtime.CompilerServices;
using System.Text;

namespace Messaging.JetStream;

/// <summary>
/// A NATS key-value bucket. Reads go to the stream's leader rather than to whichever replica is quick, so that who has written
/// sees it. Thread-safe.
/// </summary>
internal sealed class JetStreamBucket(
    string name, JetStreamLink link, TimeSpan patience, Func<CancellationToken, ValueTask<JetStreamBuckets.Handle>> open) : IKeyValueBucket
{
    private const int NoMessage = 10037;

    public string Name => name;

    public ValueTask<KeyValueEntry?> GetAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return RunAsync<KeyValueEntry?>(key, "get", async (handle, token) => await FindAsync(handle, key, token) is { IsDeleted: false } entry ? entry : null, cancellationToken);
    }

    public ValueTask<IReadOnlyList<KeyValueEntry>> GetHistoryAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return RunAsync<IReadOnlyList<KeyValueEntry>>(key, "get the history of", async (handle, token) =>
        {
            var entries = new List<KeyValueEntry>();
            await foreach (var entry in handle.Store.HistoryAsync(key, BodyBytes.Instance, cancellationToken: token))
                entries.Add(ToEntry(entry));
            return entries;
        }, cancellationToken);
    }

    public ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return RunAsync(key, "put", async (handle, token) => (long)await handle.Store.PutAsync(key, value, BodyBytes.Instance, token), cancellationToken);
    }

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return RunAsync(key, "create", async (handle, token) =>
        {
            try
            {
                return (long)await handle.Store.CreateAsync(key, value, BodyBytes.Instance, token);
            }
            catch (NatsKVException exception) when (exception is NatsKVCreateException or NatsKVWrongLastRevisionException)
            {
                throw new KeyValueConflictException(name, key, expected: null, exception);
            }
        }, cancellationToken);
    }

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long revision, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return RunAsync(key, "update", async (handle, token) =>
        {
            try
            {
                return (long)await handle.Store.UpdateAsync(key, value, Expected(key, revision), BodyBytes.Instance, token);
            }
            catch (NatsKVWrongLastRevisionException exception)
            {
                throw new KeyValueConflictException(name, key, revision, exception);
            }
        }, cancellationToken);
    }

    public async ValueTask DeleteAsync(string key, long? revision, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        await RunAsync(key, "delete", async (handle, token) =>
        {
            // Without this a key that never was would get a deletion, which those who watch would see.
            if (revision is null && await FindAsync(handle, key, token) is not { IsDeleted: false })
                return 0;
            try
            {
                var expected = revision is { } one ? Expected(key, one) : 0;
                await handle.Store.DeleteAsync(key, new NatsKVDeleteOpts { Revision = expected }, token);
                return 0;
            }
            catch (NatsKVWrongLastRevisionException exception)
            {
                throw new KeyValueConflictException(name, key, revision, exception);
            }
        }, cancellationToken);
    }

    public async IAsyncEnumerable<KeyValueEntry> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // What was deleted before the watch began is left out; what is deleted while it tells what there is, is not.
        HashSet<string>? told = new(StringComparer.Ordinal);
        var options = new NatsKVWatchOpts
        {
            OnNoData = _ =>
            {
                told = null;
                return new(false);
            },
        };
        var handle = await RunAsync("*", "watch", static (handle, _) => new ValueTask<JetStreamBuckets.Handle>(handle), cancellationToken);
        await using var entries = handle.Store.WatchAsync(BodyBytes.Instance, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (await NextAsync(entries))
        {
            var entry = ToEntry(entries.Current);
            var isNews = told is null || !entry.IsDeleted || told.Contains(entry.Key);
            told?.Add(entry.Key);
            if (entries.Current.Delta == 0)
                told = null;
            if (isNews)
                yield return entry;
        }
    }

    /// <summary>Nothing is held open.</summary>
    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async ValueTask<bool> NextAsync(IAsyncEnumerator<NatsKVEntry<byte[]>> entries)
    {
        try
        {
            return await entries.MoveNextAsync();
        }
        catch (NatsException exception)
        {
            throw link.Explain($"Bucket {name} cannot be watched any more", exception);
        }
    }

    private ulong Expected(string key, long revision) => revision > 0 ? (ulong)revision : throw new KeyValueConflictException(name, key, revision);

    private async ValueTask<KeyValueEntry?> FindAsync(JetStreamBuckets.Handle handle, string key, CancellationToken cancellationToken)
    {
        try
        {
            var found = (await handle.Stream.GetAsync(new StreamMsgGetRequest { LastBySubj = $"$KV.{name}.{key}" }, cancellationToken)).Message;
            var isDeleted = found.Hdrs is { } headers && Encoding.ASCII.GetString(Convert.FromBase64String(headers)).Contains("KV-Operation:", StringComparison.Ordinal);
            return new KeyValueEntry(key, found.Data, (long)found.Seq, found.Time, isDeleted);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == NoMessage)
        {
            return null;
        }
    }

    private static KeyValueEntry ToEntry(in NatsKVEntry<byte[]> entry) =>
        new(entry.Key, entry.Value ?? [], (long)entry.Revision, entry.Created, entry.Operation != NatsKVOperation.Put);

    private async ValueTask<T> RunAsync<T>(
        string key, string operation, Func<JetStreamBuckets.Handle, CancellationToken, ValueTask<T>> run, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience * 2);
        try
        {
            return await run(await open(limit.Token), limit.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException($"NATS at {link.Url} did not {operation} key {key} of bucket {name} within {patience * 2}.", exception);
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} did not {operation} key {key} of bucket {name}", exception);
        }
    }
}
