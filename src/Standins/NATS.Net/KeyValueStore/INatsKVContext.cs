using Standins.NATS.Client.JetStream;

namespace Standins.NATS.Client.KeyValueStore;

/// <summary>
/// The key-value buckets of a JetStream account; each is a stream <c>KV_bucket</c>. Safe for concurrent use. Throws as <see cref="INatsJSContext"/>
/// does, and <see cref="NatsKVException"/> when a name or setting cannot be.
/// </summary>
public interface INatsKVContext
{
    /// <summary>The JetStream context underneath.</summary>
    INatsJSContext JetStreamContext { get; }

    /// <summary>Creates a bucket with default settings; does nothing when it exists with them.</summary>
    ValueTask<INatsKVStore> CreateStoreAsync(string bucket, CancellationToken cancellationToken = default);

    /// <summary>Creates a bucket; does nothing when it exists with the same settings, error 400/10058 with others.</summary>
    ValueTask<INatsKVStore> CreateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default);

    /// <summary>Changes a bucket, or creates it when it does not exist.</summary>
    ValueTask<INatsKVStore> CreateOrUpdateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default);

    /// <summary>Looks a bucket up; error 404/10059 when it does not exist.</summary>
    ValueTask<INatsKVStore> GetStoreAsync(string bucket, CancellationToken cancellationToken = default);

    /// <summary>Deletes a bucket with everything in it.</summary>
    ValueTask<bool> DeleteStoreAsync(string bucket, CancellationToken cancellationToken = default);
}

/// <summary>How a bucket is kept. Zero means the server's default.</summary>
public record NatsKVConfig(string Bucket)
{
    /// <summary>For humans.</summary>
    public string? Description { get; init; }

    /// <summary>The largest value in bytes, headers included. Default: the server's limit.</summary>
    public int MaxValueSize { get; init; }

    /// <summary>Revisions kept per key, 1 to 64. Default 1.</summary>
    public long History { get; init; }

    /// <summary>How long an entry lives after it was written; nobody is told when it goes. Default: for ever.</summary>
    public TimeSpan MaxAge { get; init; }

    /// <summary>The largest size of the whole bucket; a write beyond it is refused. Default: no limit.</summary>
    public long MaxBytes { get; init; }

    /// <summary>Where entries are kept. Default: in files.</summary>
    public NatsKVStorageType Storage { get; init; }

    /// <summary>How many servers keep each entry. Default 1.</summary>
    public int NumberOfReplicas { get; init; }
}

/// <summary>Where a bucket is kept.</summary>
public enum NatsKVStorageType
{
    /// <summary>In files.</summary>
    File,

    /// <summary>In memory: gone with the server.</summary>
    Memory,
}
