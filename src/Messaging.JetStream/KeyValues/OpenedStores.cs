using System.Diagnostics;

namespace Messaging.JetStream;

/// <summary>Opens buckets that several processes may make at the same moment.</summary>
internal static class OpenedStores
{
    private const int OtherStreamOfThatName = 10058;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Opens a bucket as it is, and makes it where it is missing; returns when it takes requests. Asked for first, because nats-server
    /// 2.9 leaves some of those unanswered that make a stream side by side. And it tells of a stream that another process is just making
    /// before the stream has subscribed to its subjects, the direct reads last: what comes then finds nobody or is dropped.
    /// </summary>
    /// <param name="buckets">Over the connection.</param>
    /// <param name="bucket">Its name.</param>
    /// <param name="make">Makes it.</param>
    /// <param name="patience">How long it may take until a bucket that somebody else makes takes requests.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NatsException">The server refuses, or does not answer.</exception>
    public static async Task<INatsKVStore> GetOrCreateAsync(
        NatsKVContext buckets, string bucket, Func<ValueTask<INatsKVStore>> make, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            // Each time anew: whoever has made it may have deleted it again.
            var store = await GetAsync(buckets, bucket, cancellationToken) ?? await CreateAsync(make);
            var failure = store is null ? null : await AskAsync(store, cancellationToken);
            if (store is not null && failure is null)
                return store;
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw failure ?? new NatsNoReplyException();
        }
    }

    private static async Task<INatsKVStore?> GetAsync(NatsKVContext buckets, string bucket, CancellationToken cancellationToken)
    {
        try
        {
            return await buckets.GetStoreAsync(bucket, cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            return null;
        }
    }

    /// <summary>Null when another was faster.</summary>
    private static async Task<INatsKVStore?> CreateAsync(Func<ValueTask<INatsKVStore>> make)
    {
        try
        {
            return await make();
        }
        catch (NatsJSApiException taken) when (taken.Error.ErrCode is OtherStreamOfThatName or JetStreamTopics.SubjectsOverlap)
        {
            return null;
        }
    }

    /// <summary>Null when it answered, whatever it said of the key.</summary>
    private static async Task<Exception?> AskAsync(INatsKVStore store, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(LongestAnswer);
        try
        {
            var found = await store.TryGetEntryAsync<byte[]>("any", cancellationToken: limit.Token);
            return found.Success || found.Error is NatsKVKeyNotFoundException or NatsKVKeyDeletedException ? null : found.Error;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new NatsNoReplyException();
        }
    }
}
