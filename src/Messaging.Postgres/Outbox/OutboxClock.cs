using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Makes scheduled rows ready when their time has come, by the database's clock. Runs where relays run, in any number of processes
/// at once.
/// </summary>
internal sealed partial class OutboxClock(
    NpgsqlDataSource dataSource,
    OutboxSignal signal,
    IOptions<OutboxOptions> options,
    TimeProvider time,
    ILogger<OutboxClock> logger) : BackgroundService
{
    // The time as a subquery: compared with the function itself, which may change while it looks, every scheduled row would be read.
    private const string RingSql = """
        update messaging.outbox set lane = ~lane, due = null, ready_since = due
        where ctid = any (array(
          select ctid from messaging.outbox where due <= (select clock_timestamp()) order by due limit 1000 for update skip locked))
        """;

    private const string NextSql = "select min(due), clock_timestamp() from messaging.outbox where due is not null";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Relays == 0)
            return;
        var poll = options.Value.PollInterval;
        var failing = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var (nextDue, wait) = await RingAsync(poll, stoppingToken);
                if (failing)
                    LogRecovered();
                failing = false;
                await signal.WaitForScheduledAsync(nextDue, wait, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException exception)
            {
                if (!failing)
                    LogFailing(exception, exception.Message);
                failing = true;
                await Task.Delay(poll, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    /// <summary>Makes ready what is due and says when the next row is, and how long from now that is by the database's clock.</summary>
    private async Task<(DateTimeOffset? NextDue, TimeSpan Wait)> RingAsync(TimeSpan atMost, CancellationToken cancellationToken)
    {
        await using var batch = dataSource.CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(RingSql));
        batch.BatchCommands.Add(new NpgsqlBatchCommand(NextSql));
        DateTime? next;
        TimeSpan wait;
        int rung;
        await using (var reader = await batch.ExecuteReaderAsync(cancellationToken))
        {
            await reader.ReadAsync(cancellationToken);
            next = await reader.GetFieldValueAsync<DateTime?>(0, cancellationToken);
            wait = next is null ? atMost : next.Value - reader.GetDateTime(1);
            rung = reader.RecordsAffected;
        }

        if (rung > 0) // and committed, now that the reader is done
            signal.WakeRelay();
        return (next, TimeSpan.FromTicks(Math.Clamp(wait.Ticks, 0, atMost.Ticks)));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Scheduled messages cannot be looked after for now: {Reason}")]
    private partial void LogFailing(Exception exception, string reason);

    [LoggerMessage(Level = LogLevel.Information, Message = "Scheduled messages are looked after again")]
    private partial void LogRecovered();
}
