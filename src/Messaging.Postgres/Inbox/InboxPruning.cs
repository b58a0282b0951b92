using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>Forgets, in small steps, the ids of messages that will not come again.</summary>
internal sealed partial class InboxPruning(
    NpgsqlDataSource dataSource, IOptions<InboxOptions> options, TimeProvider time, ILogger<InboxPruning> logger) : BackgroundService
{
    // The index by age is one that only a bitmap scan can read, and the inbox may be so small that reading all of it is best.
    private const string AnyPlanSql = "select set_config('enable_bitmapscan', 'on', true), set_config('enable_seqscan', 'on', true)";

    private const string PruneSql = """
        delete from messaging.inbox
        where ctid = any (array(
          select ctid from messaging.inbox where received_at < now() - $1 limit $2 for update skip locked))
        """;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.PruneInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await PruneAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    private async Task PruneAsync(CancellationToken cancellationToken)
    {
        try
        {
            int removed;
            do
            {
                await using var batch = dataSource.CreateBatch(); // One transaction, for which the settings hold.
                batch.BatchCommands.Add(new NpgsqlBatchCommand(AnyPlanSql));
                batch.BatchCommands.Add(new NpgsqlBatchCommand(PruneSql)
                {
                    Parameters =
                    {
                        new NpgsqlParameter<TimeSpan> { TypedValue = options.Value.Keep },
                        new NpgsqlParameter<int> { TypedValue = options.Value.PruneStep },
                    },
                });
                removed = await batch.ExecuteNonQueryAsync(cancellationToken);
            }
            while (removed == options.Value.PruneStep);
        }
        catch (NpgsqlException exception)
        {
            LogFailed(exception, exception.Message); // The next tick tries again.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The inbox could not be pruned: {Reason}")]
    private partial void LogFailed(Exception exception, string reason);
}
