using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Tells the other processes by <c>NOTIFY</c> that this one has written to the outbox and leaves it to them. Never in the business
/// transaction, because a commit with a <c>NOTIFY</c> takes a lock of the whole server, and never one for each commit: while one is
/// under way, all that follow wait as one.
/// </summary>
internal sealed partial class OutboxAnnouncer(
    NpgsqlDataSource dataSource,
    OutboxSignal signal,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<OutboxAnnouncer> logger) : BackgroundService
{
    /// <summary>The channel. Notifications carry who sent them and nothing else: whoever else hears one looks.</summary>
    public const string Channel = "messaging_outbox";

    // What it writes is worth nothing after a crash, so it does not wait for the disk.
    private const string NotifySql = $"select set_config('synchronous_commit', 'off', true), pg_notify('{Channel}', $1)";

    // No more often than this: what hears it looks at the whole outbox.
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.WakeUp != OutboxWakeUp.Notify)
            return;
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await signal.WaitForNewsAsync(stoppingToken);
                await using var command = dataSource.CreateCommand(NotifySql);
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = signal.Sender });
                await command.ExecuteNonQueryAsync(stoppingToken);
                if (failing)
                    LogRecovered();
                failing = false;
                await Task.Delay(Gap, time, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException exception)
            {
                // The news is not kept: those who were not told find the rows by polling, and at the latest when they connect again.
                if (!failing)
                    LogFailing(exception, exception.Message);
                failing = true;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Other processes cannot be told of new messages for now and find them by polling: {Reason}")]
    private partial void LogFailing(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Other processes are told of new messages again")]
    private partial void LogRecovered();
}
