using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Receives for one consumer group: one batch, one scope, one transaction; the transport settles afterwards. When a batch fails it is
/// rolled back, and the message that failed is tried alone: what came before it goes again as a batch, and so does what comes after,
/// so that one bad message costs itself and its key only. What fails too often is parked. Thread-safe: partitions call side by side.
/// </summary>
internal sealed partial class ReceivePipeline(
    ReceiverDefinition receiver,
    BatchTransaction transaction,
    FailureJudgement judgement,
    ReceiveMetrics metrics,
    TimeProvider time,
    ILogger<ReceivePipeline> logger)
{
    /// <summary>Handles a batch of one partition. Throws when something everybody needs is down: the transport then pauses and hands it over again.</summary>
    public async Task HandleAsync(PartitionBatch batch, CancellationToken cancellationToken)
    {
        var messages = new IncomingMessage[batch.Deliveries.Count];
        for (var i = 0; i < messages.Length; i++)
            messages[i] = IncomingMessage.From(batch.Deliveries[i]);
        await HandleAsync(messages, cancellationToken);
    }

    /// <summary>
    /// Tries parked messages of one queue again, in order: one attempt each, or, for what waited behind another and had none yet, those
    /// that its policy grants at once. Stops at the first that fails, which is parked again or dead. Throws, without counting an
    /// attempt, when something everybody needs is down.
    /// </summary>
    public async Task<RetryResult> RetryAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken)
    {
        var races = 0;
        var attempts = 0;
        while (true)
        {
            var progress = new BatchProgress();
            try
            {
                return await transaction.RetryAsync(messages, progress, cancellationToken)
                    ? new RetryResult(messages.Count, Parking: null)
                    : RetryResult.Overtaken;
            }
            catch (Exception exception) when (IsOfAMessage(exception, cancellationToken))
            {
                if (messages.Count > 1) // What came before the one that failed, or else the first alone; the rest has its turn afterwards.
                    return await RetryAsync([.. messages.Take(Math.Max(1, progress.InHand ?? 1))], cancellationToken);
                if (judgement.KindOf(exception) is FailureKind.Concurrency && races++ < receiver.Options.ConcurrencyRetries)
                    await PauseAfterRaceAsync(races, cancellationToken);
                else if (messages[0].Attempts > 0 || judgement.IsToBeParked(messages[0].Message, exception, ++attempts))
                    return await ParkAgainAsync(messages[0], exception, Math.Max(1, attempts), cancellationToken);
                else
                    await Task.Delay(judgement.PauseBefore(attempts, exception), time, cancellationToken);
            }
        }
    }

    private async Task HandleAsync(ArraySegment<IncomingMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count <= 1)
        {
            foreach (var message in messages)
                await HandleAloneAsync(message, cancellationToken);
            return;
        }

        var progress = new BatchProgress();
        try
        {
            await transaction.ReceiveAsync(messages, progress, cancellationToken);
            return;
        }
        catch (Exception exception) when (IsOfAMessage(exception, cancellationToken))
        {
            var delivery = messages[0].Delivery;
            LogRollingBack(receiver.Group, delivery.Topic, delivery.Partition, messages.Count, exception.GetBaseException().Message);
        }

        if (progress.InHand is { } failed)
        {
            await HandleAsync(messages[..failed], cancellationToken);
            await HandleAloneAsync(messages[failed], cancellationToken);
            await HandleAsync(messages[(failed + 1)..], cancellationToken);
        }
        else
        {
            foreach (var message in messages) // The commit failed: any of them may be the one.
                await HandleAloneAsync(message, cancellationToken);
        }
    }

    private async Task HandleAloneAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        var attempts = 0;
        var races = 0;
        while (true)
        {
            try
            {
                await transaction.ReceiveAsync([message], new BatchProgress(), cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOfAMessage(exception, cancellationToken))
            {
                var kind = judgement.KindOf(exception);
                metrics.Retried(receiver.Group, kind);
                if (kind is FailureKind.Concurrency && races++ < receiver.Options.ConcurrencyRetries)
                {
                    await PauseAfterRaceAsync(races, cancellationToken);
                    continue;
                }

                attempts++;
                if (judgement.IsToBeParked(message, exception, attempts))
                {
                    await transaction.ParkAsync(message, judgement.Park(message, exception, attempts, retries: 0), cancellationToken);
                    return;
                }

                LogRetrying(receiver.Group, message.Id, attempts, exception.GetBaseException().Message);
                await Task.Delay(judgement.PauseBefore(attempts, exception), time, cancellationToken);
            }
        }
    }

    private async Task<RetryResult> ParkAgainAsync(RetriedMessage message, Exception exception, int attempts, CancellationToken cancellationToken)
    {
        metrics.Retried(receiver.Group, judgement.KindOf(exception));
        var failed = message with { Retries = message.Attempts > 0 ? message.Retries + 1 : 0, Attempts = message.Attempts + attempts };
        var parking = judgement.Park(message.Message, exception, failed.Attempts, failed.Retries);
        return await transaction.ParkAgainAsync(failed, parking, cancellationToken)
            ? new RetryResult(Handled: 0, parking)
            : RetryResult.Overtaken;
    }

    private bool IsOfAMessage(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && judgement.KindOf(exception) is not FailureKind.Dependency;

    /// <summary>A few milliseconds, more with each lost race, and at random: the others that raced come back, too.</summary>
    private Task PauseAfterRaceAsync(int races, CancellationToken cancellationToken) =>
        Task.Delay(TimeSpan.FromMilliseconds(10 * Math.Min(races, 10) * Random.Shared.NextDouble()), time, cancellationToken);

    [LoggerMessage(LogLevel.Information, "{Group}: a batch of {Count} from {Topic}/{Partition} failed and is handled in parts: {Cause}")]
    private partial void LogRollingBack(string group, string topic, int partition, int count, string cause);

    [LoggerMessage(LogLevel.Warning, "{Group}: message {MessageId} failed at attempt {Attempt} and is tried again at once: {Cause}")]
    private partial void LogRetrying(string group, string messageId, int attempt, string cause);
}

/// <summary>What came of trying parked messages again.</summary>
/// <param name="Handled">How many had their effect.</param>
/// <param name="Parking">How the one after these was parked again; null: none failed.</param>
/// <param name="IsOvertaken">True: somebody else has been at these messages.</param>
internal sealed record RetryResult(int Handled, Parking? Parking, bool IsOvertaken = false)
{
    public static RetryResult Overtaken { get; } = new(0, null, IsOvertaken: true);
}
