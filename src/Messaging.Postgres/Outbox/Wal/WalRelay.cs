using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// Publishes the messages that <see cref="WalStorage"/> wrote into the write-ahead log: at least once under any crash, in the order
/// of commits. Of a database's processes one reads, because a slot serves one session; the others stand by and take over as soon as
/// the server has seen that session end.
/// </summary>
internal sealed partial class WalRelay(
    WalSlot slot, WalPublisher publisher, RelayFailures failures, WalGap gap, IOptions<OutboxOptions> options, TimeProvider time, ILogger<WalRelay> logger)
    : BackgroundService
{
    private readonly OutboxOptions _options = options.Value;
    private NpgsqlLogSequenceNumber? _confirmed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (_options.Relays == 0)
            return;
        using var patience = new CancellationTokenSource();
        await using var stop = stoppingToken.Register(() => patience.CancelAfter(_options.StopPatience));
        var pause = RelayFailures.FirstPause;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var state = await slot.ReadAsync(stoppingToken);
                if (state is null or { IsLost: true })
                    await RenewAsync(stoppingToken);
                else if (state.Active)
                    await StandByAsync(stoppingToken);
                else
                    await ServeAsync(stoppingToken, patience.Token);
                pause = RelayFailures.FirstPause;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                await StandByAsync(stoppingToken); // Another process was faster.
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, the log still has the messages: the relay must outlive it and say so.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                failures.Failed(exception);
                pause = await failures.PauseAsync(pause, stoppingToken);
            }
        }
    }

    /// <summary>
    /// Reads and publishes until it is stopped, or the publisher gives up, and then waits long enough for another process to take over.
    /// Throws what ended the session.
    /// </summary>
    private async Task ServeAsync(CancellationToken stopping, CancellationToken patience)
    {
        await using var log = new WalReader(await slot.ConnectAsync(stopping), slot.Name, 2 * _options.MaxBatch, time);
        using var end = new CancellationTokenSource();
        using var session = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        var reading = log.ReadAsync(end.Token);
        var publishing = publisher.RunAsync(log, session.Token, patience);
        await Task.WhenAny(reading, publishing);
        await session.CancelAsync(); // Should reading have ended, nothing new is published: it will come again.
        try
        {
            await publishing;
            if (!reading.IsCompleted)
                await AwaitConfirmationAsync(log.Confirmed, patience);
        }
        finally
        {
            _confirmed = log.Confirmed == default ? _confirmed : log.Confirmed;
            await end.CancelAsync();
            try
            {
                await reading; // Why the session ended tells more than that something could not be confirmed then.
            }
            catch (OperationCanceledException) when (end.IsCancellationRequested)
            {
                // We have ended it.
            }
        }

        await Task.Delay(2 * _options.PollInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task StandByAsync(CancellationToken stopping)
    {
        failures.Recovered(published: false);
        await Task.Delay(_options.PollInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>A confirmation is on its way only; cancelling the session could overtake it, and what it confirms would come again.</summary>
    private async Task AwaitConfirmationAsync(NpgsqlLogSequenceNumber confirmed, CancellationToken patience)
    {
        try
        {
            while (await slot.ReadAsync(patience) is { Active: true } state && state.Confirmed < confirmed)
                await Task.Delay(TimeSpan.FromMilliseconds(5), time, patience);
        }
        catch (Exception exception) when (exception is OperationCanceledException or NpgsqlException)
        {
            // We are about to stop anyway, and repeats are harmless.
        }
    }

    /// <summary>Makes the slot anew, at once: until then, every further message would be lost, too.</summary>
    private async Task RenewAsync(CancellationToken stopping)
    {
        if (await slot.EnsureAsync(stopping) is not { } made)
            return;
        gap.Found(made.LostFrom ?? _confirmed, made.From);
        LogGap(slot.Name, gap.Description!);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "Replication slot {Slot} was lost and has been made anew. {Gap}")]
    private partial void LogGap(string slot, string gap);
}

/// <summary>Part of the log that nobody will publish any more. Thread-safe.</summary>
internal sealed class WalGap
{
    private volatile string? _description;

    /// <summary>What was lost, for people to read; null when nothing was since this process started.</summary>
    public string? Description => _description;

    /// <summary>Nobody has read the log between two places.</summary>
    public void Found(NpgsqlLogSequenceNumber? from, NpgsqlLogSequenceNumber to) =>
        _description = $"Messages committed between WAL positions {from?.ToString() ?? "(unknown)"} and {to} may never have been published: "
            + "compare the business data of that time with what the consumers know.";
}
