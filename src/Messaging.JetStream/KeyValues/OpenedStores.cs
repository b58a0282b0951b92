using System.Diagnostics;

namespace Messaging.JetStream;

/// <summary>Opens buckets that several processes may make at the same moment.</summary>
internal static class OpenedStores
{
    private const int OtherStreamOfThatName = 10058;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMilliseconds(250);

    /// <summary>Opens a bucket as it is, and makes it where it is missing. Asked for first, because nats-server 2.9 leaves some of those unanswered that make a stream side by side.</summary>
    /// <param name="buckets">Over the connection.</param>
    /// <param name="asked">The bucket as it is made.</param>
    /// <param name="patience">How long it may take until a bucket that somebody else makes takes requests.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NatsException">The server refuses, or does not answer.</exception>
    public static async Task<INatsKVStore> GetOrCreateAsync(NatsKVContext buckets, NatsKVConfig asked, TimeSpan patience, CancellationToken cancellationToken)
    {
        INatsKVStore store;
        try
        {
            store = await buckets.GetStoreAsync(asked.Bucket, cancellationToken);
        }
        catch (NatsJSApiException missing) when (missing.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            try
            {
                return await buckets.CreateStoreAsync(asked, cancellationToken);
            }
            catch (NatsJSApiException taken) when (taken.Error.ErrCode is OtherStreamOfThatName or JetStreamTopics.SubjectsOverlap)
            {
                store = await buckets.GetStoreAsync(asked.Bucket, cancellationToken);
            }
        }

        return await AnsweringAsync(store, patience, cancellationToken);
    }

    /// <summary>
    /// Waits until a bucket takes requests. The server tells of a stream that another process is just making before the stream has
    /// subscribed to its subjects, the direct reads last, and what comes then finds nobody or is dropped.
    /// </summary>
    private static async Task<INatsKVStore> AnsweringAsync(INatsKVStore store, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            var failure = await AskAsync(store, cancellationToken);
            if (failure is null)
                return store;
            if (Stopwatch.GetElapsedTime(began) > patience)
                throw failure;
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
