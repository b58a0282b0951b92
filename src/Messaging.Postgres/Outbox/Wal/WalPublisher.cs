using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// Publishes what a session reads from the write-ahead log, in its order, and confirms what the broker has acknowledged. What failed
/// for now goes first into the next publish; what can never be published is parked.
/// </summary>
internal sealed partial class WalPublisher(
    NpgsqlDataSource dataSource,
    ITransport transport,
    OutboxMetrics metrics,
    RelayFailures failures,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<WalRelay> logger)
{
    /// <summary>
    /// Runs until it is stopped or the session is over; finishes the publish in hand before it returns. It gives up, too, when nothing
    /// was acknowledged for as long as makes the service degraded: another instance may reach the broker that this one does not.
    /// </summary>
    public async Task RunAsync(WalReader log, CancellationToken stopping, CancellationToken patience)
    {
        var batch = new WalBatch();
        var pause = RelayFailures.FirstPause;
        long? failingSince = null;
        while (await FillAsync(batch, log, stopping))
        {
            failures.Recovered(published: false);
            var count = batch.Count;
            try
            {
                if (batch.Count > 0)
                    await PublishAsync(batch, patience);
                pause = RelayFailures.FirstPause;
                failingSince = null;
            }
            catch (OperationCanceledException) when (patience.IsCancellationRequested)
            {
                return; // It took too long to stop: what was not acknowledged comes again.
            }
#pragma warning disable CA1031 // Whatever it is, the log still has the messages: the relay must outlive it and say so.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failures.Failed(exception);
                await ConfirmAsync(batch, log, patience);
                failingSince = batch.Count < count ? null : failingSince ?? time.GetTimestamp();
                if (failingSince is { } since && time.GetElapsedTime(since) > options.Value.DegradedAfter)
                    return;
                pause = await failures.PauseAsync(failingSince is null ? RelayFailures.FirstPause : pause, stopping);
                continue;
            }

            await ConfirmAsync(batch, log, patience);
        }

        await FinishAsync(batch, log, patience);
    }

    /// <summary>The end of a transaction comes behind its last message, which would come again if we stopped between the two.</summary>
    private static async Task FinishAsync(WalBatch batch, WalReader log, CancellationToken patience)
    {
        if (batch.Count > 0 || !batch.AwaitsEnd)
            return;
        try
        {
            if (!await log.WaitAsync(patience) || !log.TryTake(out var next) || next.Message is not null)
                return;
            batch.Add(next);
            await ConfirmAsync(batch, log, patience);
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested)
        {
            // It took too long to stop: what was not confirmed comes again.
        }
    }

    /// <summary>Takes what is there, and waits only when there is nothing in hand. False when it is to stop.</summary>
    private async Task<bool> FillAsync(WalBatch batch, WalReader log, CancellationToken stopping)
    {
        if (batch.Count == 0)
        {
            try
            {
                if (!await log.WaitAsync(stopping))
                    return false;
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return false;
            }
        }

        while (batch.Count < options.Value.MaxBatch && batch.Bytes < WalReader.MostBytes && log.TryTake(out var entry))
            batch.Add(entry);
        return !stopping.IsCancellationRequested;
    }

    /// <exception cref="TransportException">Some of it did not arrive; that stays in the batch.</exception>
    private async Task PublishAsync(WalBatch batch, CancellationToken cancellationToken)
    {
        await ParkUnreadableAsync(batch, cancellationToken);
        var messages = batch.Outgoing();
        if (messages.Length == 0)
            return;
        using var activity = OutboxMetrics.StartPublish(messages);
        var (given, began) = (time.GetUtcNow(), time.GetTimestamp());
        var outcome = await transport.PublishAsync(messages, cancellationToken);
        metrics.Answered(messages, given, time.GetElapsedTime(began));
        foreach (var failure in outcome.Failures.Where(failure => failure.Cause is MessageTooLargeException))
            await ParkAsync(batch[failure.Index], failure.Cause.Message, cancellationToken);

        PublishFailure[] transient = [.. outcome.Failures.Where(failure => failure.Cause is not MessageTooLargeException).OrderBy(failure => failure.Index)];
        batch.Keep([.. transient.Select(failure => failure.Index)]);
        metrics.Published(messages.Length - transient.Length);
        if (transient.Length > 0)
        {
            activity?.SetStatus(ActivityStatusCode.Error, transient[0].Cause.Message);
            throw transient[0].Cause;
        }

        failures.Recovered(published: true);
    }

    private async Task ParkUnreadableAsync(WalBatch batch, CancellationToken cancellationToken)
    {
        if (batch.AllReadable)
            return;
        var readable = new List<int>(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            if (batch[i].Error is { } error)
                await ParkAsync(batch[i], error, cancellationToken);
            else
                readable.Add(i);
        }

        batch.Keep(readable);
    }

    private async Task ParkAsync(WalMessage message, string cause, CancellationToken cancellationToken)
    {
        var envelope = message.Outgoing?.Message;
        var id = envelope?.Id ?? $"wal/{(NpgsqlLogSequenceNumber)message.Position}";
        var parked = new ParkedMessage(
            OutboxRelay.Consumer, id, message.Topic, Partition: null, Position: null, envelope?.Type, envelope?.PartitionKey ?? "",
            StoredAttributes.Of(message.Attributes), message.Body, new Parking(Dead: true, cause, Attempts: 1));
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await ParkedTable.InsertAsync(connection, [parked], cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        LogParked(id, message.Topic, cause);
    }

    private static async Task ConfirmAsync(WalBatch batch, WalReader log, CancellationToken cancellationToken)
    {
        if (batch.TakeConfirmable() is { } end)
            await log.ConfirmAsync(end, cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Message {MessageId} to {Topic} can never be published and is parked: {Cause}")]
    private partial void LogParked(string messageId, string topic, string cause);
}
