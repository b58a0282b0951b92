using System.Buffers;
using Standins.NATS.Client.JetStream;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.KeyValueStore;

/// <inheritdoc cref="INatsKVContext"/>
public sealed class NatsKVContext(INatsJSContext context) : INatsKVContext
{
    private const int MaxHistory = 64;
    private static readonly TimeSpan DuplicateWindow = TimeSpan.FromMinutes(2);

    private static readonly SearchValues<char> InBucketNames =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");

    /// <inheritdoc />
    public INatsJSContext JetStreamContext => context;

    /// <inheritdoc />
    public ValueTask<INatsKVStore> CreateStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        CreateStoreAsync(new NatsKVConfig(bucket), cancellationToken);

    /// <inheritdoc />
    public async ValueTask<INatsKVStore> CreateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default) =>
        Open(await context.CreateStreamAsync(Describe(config), cancellationToken), config.Bucket);

    /// <inheritdoc />
    public async ValueTask<INatsKVStore> CreateOrUpdateStoreAsync(NatsKVConfig config, CancellationToken cancellationToken = default) =>
        Open(await context.CreateOrUpdateStreamAsync(Describe(config), cancellationToken), config.Bucket);

    /// <inheritdoc />
    public async ValueTask<INatsKVStore> GetStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        Open(await context.GetStreamAsync(StreamOf(bucket), request: null, cancellationToken), bucket);

    /// <inheritdoc />
    public ValueTask<bool> DeleteStoreAsync(string bucket, CancellationToken cancellationToken = default) =>
        context.DeleteStreamAsync(StreamOf(bucket), cancellationToken);

    // A stream of that name which is no bucket, or one that cannot be read directly: not made by a current client.
    private NatsKVStore Open(INatsJSStream stream, string bucket) =>
        stream.Info.Config is { AllowDirect: true, MaxMsgsPerSubject: > 0 }
            ? new NatsKVStore(bucket, context, stream)
            : throw new NatsKVException($"stream {StreamOf(bucket)} is not a bucket that allows direct reads");

    private static string StreamOf(string bucket)
    {
        if (string.IsNullOrEmpty(bucket) || bucket.AsSpan().ContainsAnyExcept(InBucketNames))
            throw new NatsKVException("Invalid bucket name");

        return "KV_" + bucket;
    }

    private static StreamConfig Describe(NatsKVConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        if (config.History > MaxHistory)
            throw new NatsKVException($"Too long history (max:{MaxHistory})");

        // What ADR-8 says of a bucket's stream.
        return new StreamConfig(StreamOf(config.Bucket), [$"$KV.{config.Bucket}.>"])
        {
            Description = config.Description,
            MaxMsgsPerSubject = Math.Max(config.History, 1),
            MaxBytes = config.MaxBytes,
            MaxAge = config.MaxAge,
            MaxMsgSize = config.MaxValueSize,
            Storage = config.Storage == NatsKVStorageType.Memory ? StreamConfigStorage.Memory : StreamConfigStorage.File,
            NumReplicas = Math.Max(config.NumberOfReplicas, 1),
            DuplicateWindow = config.MaxAge > TimeSpan.Zero && config.MaxAge < DuplicateWindow ? config.MaxAge : DuplicateWindow,
            Discard = StreamConfigDiscard.New,
            AllowRollupHdrs = true,
            AllowDirect = true,
            DenyDelete = true,
        };
    }
}
