using System.Diagnostics;
using System.Text;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Publishes the outbox. Claims the oldest rows of the lanes it can get, publishes them as one batch and commits their deletion
/// when the broker has acknowledged them: at least once under any crash, in order per key with any number of relays, because
/// a lane is in one relay's hands at a time.
/// </summary>
internal sealed partial class OutboxRelay(
    NpgsqlDataSource dataSource,
    ITransport transport,
    OutboxSignal signal,
    OutboxMetrics metrics,
    OutboxUpkeep upkeep,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<OutboxRelay> logger) : BackgroundService
{
    /// <summary>The consumer name under which messages are parked that the broker refuses for good.</summary>
    public const string Consumer = "outbox";

    private readonly OutboxOptions _options = options.Value;
    private readonly RelayFailures _failures = new(options.Value, time, logger);

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(Enumerable.Range(0, _options.Relays).Select(_ => RelayAsync(stoppingToken)));

    private async Task RelayAsync(CancellationToken stopping)
    {
        using var patience = new CancellationTokenSource();
        await using var stop = stopping.Register(() => patience.CancelAfter(_options.StopPatience));
        await using var session = new OutboxSession(dataSource, Math.Max(1, OutboxTable.Lanes / _options.Relays), _options.MaxBatch);
        var pause = RelayFailures.FirstPause;
        var pace = new PollingPace(_options.PollInterval);
        var unasked = false;
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                var (found, more, refusal) = await RelayOnceAsync(session, stopping, patience.Token);
                pause = RelayFailures.FirstPause;
                if (refusal is not null)
                {
                    _failures.Failed(refusal);
                    await _failures.PauseAsync(pause, stopping); // No longer than that: some arrived, and more would.
                    continue;
                }

                _failures.Recovered(found);
                if (unasked)
                    pace.Looked(found);
                unasked = !more && !await signal.WaitForReadyAsync(pace.Wait, stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the rows are still there: the relay must outlive it and say so.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                _failures.Failed(exception);
                await session.CloseAsync();
                pause = await _failures.PauseAsync(pause, stopping);
            }
        }
    }

    /// <summary>
    /// Publishes one batch: whether there was something to publish, whether there is more, and why some of it did not arrive, which
    /// is back in the outbox.
    /// </summary>
    /// <exception cref="TransportException">Nothing arrived; all of it is back in the outbox.</exception>
    private async Task<(bool Found, bool More, TransportException? Refusal)> RelayOnceAsync(OutboxSession session, CancellationToken stopping, CancellationToken patience)
    {
        await using var claim = await session.ClaimAsync(stopping);
        if (claim.Rows.Count == 0)
            return (false, false, null);
        if (claim.LeavesSome)
            signal.WakeRelay();

        var refused = await PublishAsync(claim, patience);
        if (refused is { Rows: var rows, Cause: var cause })
        {
            if (rows.Count == claim.Rows.Count)
                throw cause; // Nothing arrived: the rollback that follows is cheaper than putting all of it back.
            await claim.PutBackAsync(rows, patience);
            await claim.CommitAsync(patience);
            metrics.Published(claim.Rows.Count - rows.Count);
            upkeep.Deleted(claim.Rows.Count);
            return (true, true, cause);
        }

        var more = await claim.CommitAsync(patience);
        metrics.Published(claim.Rows.Count);
        upkeep.Deleted(claim.Rows.Count);
        return (true, more, null);
    }

    /// <summary>Publishes the rows. What can never be published is parked; what failed for now is returned with the first cause.</summary>
    private async Task<(IReadOnlyList<OutboxRow> Rows, TransportException Cause)?> PublishAsync(OutboxClaim claim, CancellationToken cancellationToken)
    {
        var rows = new List<OutboxRow>(claim.Rows.Count);
        var messages = new List<OutgoingMessage>(claim.Rows.Count);
        foreach (var row in claim.Rows)
        {
            if (row.TryRead(out var message, out var error))
            {
                rows.Add(row);
                messages.Add(message);
            }
            else
            {
                await ParkAsync(claim, row, message: null, error, cancellationToken);
            }
        }

        if (messages.Count == 0)
            return null;
        using var activity = OutboxMetrics.StartPublish(messages);
        var (given, began) = (time.GetUtcNow(), time.GetTimestamp());
        var outcome = await transport.PublishAsync(messages, cancellationToken);
        metrics.Answered(messages, given, time.GetElapsedTime(began));

        // Later messages of its key go out all the same: no attempt will ever make it smaller, and a key that waited for somebody to
        // repair it would hold up the business for one message that its sender must never have written. Whoever reads the parked
        // ones sees what is missing.
        foreach (var failure in outcome.Failures.Where(failure => failure.Cause is MessageTooLargeException))
            await ParkAsync(claim, rows[failure.Index], messages[failure.Index].Message, failure.Cause.Message, cancellationToken);

        var transient = outcome.Failures.Where(failure => failure.Cause is not MessageTooLargeException).ToArray();
        if (transient.Length == 0)
            return null;
        activity?.SetStatus(ActivityStatusCode.Error, transient[0].Cause.Message);
        return ([.. transient.Select(failure => rows[failure.Index])], transient[0].Cause);
    }

    private async Task ParkAsync(OutboxClaim claim, OutboxRow row, Message? message, string cause, CancellationToken cancellationToken)
    {
        var id = message?.Id ?? $"outbox/{row.Id}";
        await claim.ParkAsync(
            new ParkedMessage(
                Consumer, id, row.Topic, Partition: null, Position: null, message?.Type, message?.PartitionKey ?? "",
                Encoding.UTF8.GetString(row.Attributes), row.Body, new Parking(Dead: true, cause, Attempts: 1)),
            cancellationToken);
        LogParked(id, row.Topic, cause);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Message {MessageId} to {Topic} can never be published and is parked: {Cause}")]
    private partial void LogParked(string messageId, string topic, string cause);
}
