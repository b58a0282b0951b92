using System.Data;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Listens on a connection of its own for processes that write to the outbox and leave it to others, and wakes the relays and the
/// clock. Whenever it has connected it wakes them, too: nobody knows what was said meanwhile.
/// </summary>
internal sealed partial class OutboxListener(
    NpgsqlDataSource dataSource,
    OutboxSignal signal,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<OutboxListener> logger) : BackgroundService
{
    private const string Quiet = "select 1";

    // A peer that is gone without a word is noticed only by talking to it.
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private bool _failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value is { Relays: 0 } or { WakeUp: not OutboxWakeUp.Notify })
            return;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException exception)
            {
                if (!_failing)
                    LogFailing(exception, exception.Message);
                _failing = true;
                await Task.Delay(Pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ListenAsync(CancellationToken stoppingToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(stoppingToken);
        connection.Notification += (_, heard) => Hear(heard.Payload);
        await ExecuteAsync(connection, $"listen {OutboxAnnouncer.Channel}", stoppingToken);
        if (_failing)
            LogRecovered();
        _failing = false;
        Wake();
        try
        {
            while (true)
            {
                if (!await connection.WaitAsync(Silence, stoppingToken))
                    await ExecuteAsync(connection, Quiet, stoppingToken);
            }
        }
        finally
        {
            await StopListeningAsync(connection);
        }
    }

    // The session goes back to the pool as it is: nobody would read there what it still hears.
    private async Task StopListeningAsync(NpgsqlConnection connection)
    {
        try
        {
            if (connection.State == ConnectionState.Open)
                await ExecuteAsync(connection, "unlisten *", CancellationToken.None);
        }
        catch (NpgsqlException exception)
        {
            LogFailing(exception, exception.Message); // It is broken, and with it the session is gone.
        }
    }

    private void Hear(string sender)
    {
        if (sender != signal.Sender) // Who of this process had to know, does.
            Wake();
    }

    private void Wake()
    {
        signal.WakeRelay();
        signal.WakeClock();
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Other processes' new messages are found by polling for now: {Reason}")]
    private partial void LogFailing(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Other processes' new messages are heard of again")]
    private partial void LogRecovered();
}
