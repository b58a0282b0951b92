using System.Diagnostics;
using System.Runtime.ExceptionServices;

namespace Messaging.JetStream;

/// <summary>Opens buckets that several processes may make at the same moment.</summary>
internal static class OpenedStores
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestAnswer = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// Opens a bucket and returns when it takes requests. Of several that make a stream at the same moment, nats-server 2.9 tells some that
    /// its subjects are taken and others nothing; and it tells of the stream before that has subscribed to its subjects, the direct reads
    /// last: what comes until then finds nobody or is dropped.
    /// </summary>
    /// <param name="open">Opens it, and makes it where it is missing; asked again when another was faster.</param>
    /// <param name="patience">How long it may take, beyond the last request.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NatsException">The server refuses, or does not answer.</exception>
    public static async Task<INatsKVStore> OpenAsync(Func<ValueTask<INatsKVStore>> open, TimeSpan patience, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); ; await Task.Delay(Pause, cancellationToken))
        {
            Exception? failure;
            try
            {
                var store = await open();
                failure = await AskAsync(store, cancellationToken);
                if (failure is null)
                    return store;
            }
            catch (NatsJSApiException overtaken) when (overtaken.Error.ErrCode is JetStreamTopics.SubjectsOverlap or JetStreamTopics.OtherStreamOfThatName)
            {
                failure = overtaken;
            }
            catch (NatsJSApiNoResponseException unanswered)
            {
                failure = unanswered;
            }

            if (Stopwatch.GetElapsedTime(began) > patience)
                ExceptionDispatchInfo.Throw(failure);
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
