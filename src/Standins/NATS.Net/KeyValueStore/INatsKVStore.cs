using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.KeyValueStore;

/// <summary>
/// A bucket: keys with values, each write a new revision of the whole bucket. Safe for concurrent use. Keys are letters, digits and
/// <c>-/_=.</c>, without a dot at either end; others throw <see cref="NatsKVException"/>. Writes throw as
/// <see cref="INatsJSContext.PublishAsync{T}"/> does; one without answer may or may not have been stored.
/// </summary>
public interface INatsKVStore
{
    /// <summary>The JetStream context underneath.</summary>
    INatsJSContext JetStreamContext { get; }

    /// <summary>The bucket's name.</summary>
    string Bucket { get; }

    /// <summary>Writes a value and returns its revision.</summary>
    ValueTask<ulong> PutAsync<T>(string key, T value, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Writes a value if the key has none or was deleted. Throws <see cref="NatsKVCreateException"/> when it has one, and
    /// <see cref="NatsKVWrongLastRevisionException"/> when another was faster at the same moment.
    /// </summary>
    ValueTask<ulong> CreateAsync<T>(string key, T value, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>Writes a value if <paramref name="revision"/> is the key's newest, 0 for none. Throws <see cref="NatsKVWrongLastRevisionException"/> when it is not.</summary>
    ValueTask<ulong> UpdateAsync<T>(string key, T value, ulong revision, INatsSerialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Marks a key as deleted; its history stays. Throws <see cref="NatsKVWrongLastRevisionException"/> when
    /// <see cref="NatsKVDeleteOpts.Revision"/> is given and not the newest.
    /// </summary>
    ValueTask DeleteAsync(string key, NatsKVDeleteOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>Marks a key as deleted and removes its history.</summary>
    ValueTask PurgeAsync(string key, NatsKVDeleteOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Reads the newest entry of a key, or its first one from <paramref name="revision"/> on. Throws <see cref="NatsKVKeyNotFoundException"/> or
    /// <see cref="NatsKVKeyDeletedException"/>. With replicas the answer may come from one that is behind.
    /// </summary>
    ValueTask<NatsKVEntry<T>> GetEntryAsync<T>(
        string key, ulong revision = default, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>As <see cref="GetEntryAsync{T}"/>, but returns the <see cref="NatsException"/>s instead of throwing them.</summary>
    ValueTask<NatsResult<NatsKVEntry<T>>> TryGetEntryAsync<T>(
        string key, ulong revision = default, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// The newest entries of the keys that match (wildcards <c>*</c> and <c>></c> allowed), deletions included, then every change. The last of the
    /// newest has <see cref="NatsKVEntry{T}.Delta"/> 0. Survives reconnects: changes meanwhile come late, in order, once. Throws
    /// <see cref="NatsJSApiException"/> when the bucket was deleted, <see cref="NatsKVException"/> when it was replaced by one with older revisions,
    /// <see cref="OperationCanceledException"/> on cancellation.
    /// </summary>
    IAsyncEnumerable<NatsKVEntry<T>> WatchAsync<T>(
        string key, INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default,
        CancellationToken cancellationToken = default);

    /// <summary>Watches all keys.</summary>
    IAsyncEnumerable<NatsKVEntry<T>> WatchAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>The keys that have a value now.</summary>
    IAsyncEnumerable<string> GetKeysAsync(NatsKVWatchOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>All revisions kept of a key, oldest first, deletions included.</summary>
    IAsyncEnumerable<NatsKVEntry<T>> HistoryAsync<T>(
        string key, INatsDeserialize<T>? serializer = default, NatsKVWatchOpts? opts = default,
        CancellationToken cancellationToken = default);

    /// <summary>The bucket as the server has it.</summary>
    ValueTask<NatsKVStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}

/// <summary>How to watch.</summary>
public record NatsKVWatchOpts
{
    /// <summary>All defaults.</summary>
    public static readonly NatsKVWatchOpts Default = new();

    /// <summary>How often the server proves that the watch is alive, 0.5 to 30 s; two misses renew it. Default five seconds.</summary>
    public TimeSpan IdleHeartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Leave deletions out.</summary>
    public bool IgnoreDeletes { get; init; }

    /// <summary>Begin with all revisions kept instead of the newest ones.</summary>
    public bool IncludeHistory { get; init; }

    /// <summary>Begin with the next change.</summary>
    public bool UpdatesOnly { get; init; }

    /// <summary>Leave values out.</summary>
    public bool MetaOnly { get; init; }

    /// <summary>Begin with this revision; excludes <see cref="IncludeHistory"/> and <see cref="UpdatesOnly"/>.</summary>
    public ulong ResumeAtRevision { get; init; }

    /// <summary>Called once when there is nothing to begin with; true ends the watch.</summary>
    public Func<CancellationToken, ValueTask<bool>>? OnNoData { get; init; }
}

/// <summary>How to delete.</summary>
public record NatsKVDeleteOpts
{
    /// <summary>Remove the history too.</summary>
    public bool Purge { get; init; }

    /// <summary>Only if this is the key's newest revision; 0 for whatever it is.</summary>
    public ulong Revision { get; init; }
}

/// <summary>A bucket as the server has it.</summary>
public record NatsKVStatus(string Bucket, StreamInfo Info);
