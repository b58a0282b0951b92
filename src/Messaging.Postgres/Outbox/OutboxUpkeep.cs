using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Keeps the outbox as small as what waits in it: vacuums it when this process's relays have deleted many rows, or somebody left
/// many dead ones; while another process is vacuuming it does nothing. Counts what is in it every few seconds, for the metrics.
/// Runs where relays run. Thread-safe.
/// </summary>
internal sealed partial class OutboxUpkeep(
    NpgsqlDataSource dataSource, OutboxMetrics metrics, IOptions<OutboxOptions> options, TimeProvider time, ILogger<OutboxUpkeep> logger) : BackgroundService
{
    /// <summary>Counting stops here: beyond, the table's statistics must do.</summary>
    private const int CountedAtMost = 10_000;

    private const string LookSql = $"""
        select (select count(*) from (select from messaging.outbox where lane >= 0 limit $2) as ready),
               (select count(*) from (select from messaging.outbox where due is not null limit $2) as scheduled),
               coalesce({OutboxTable.OldestAge}, interval '0'),
               pg_stat_get_live_tuples('messaging.outbox'::regclass),
               pg_stat_get_dead_tuples('messaging.outbox'::regclass)
        """;

    // Without truncation, which takes a lock that stops writers and relays: the space is used again at once.
    private const string VacuumSql = "vacuum (skip_locked, truncate off) messaging.outbox";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly int _vacuumAt = options.Value.VacuumAt > 0 ? options.Value.VacuumAt : int.MaxValue;
    private readonly SemaphoreSlim _due = new(0);
    private int _deleted;

    /// <summary>A relay of this process has deleted so many rows.</summary>
    public void Deleted(int rows)
    {
        var deleted = Interlocked.Add(ref _deleted, rows);
        if (deleted >= _vacuumAt && deleted - rows < _vacuumAt)
            _due.Release();
    }

    public override void Dispose()
    {
        _due.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (options.Value.Relays == 0)
            return;
        var dead = 0L;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (dead >= _vacuumAt || Volatile.Read(ref _deleted) >= _vacuumAt)
                    await VacuumAsync(stoppingToken);
                (var state, dead) = await LookAsync(stoppingToken);
                metrics.Observe(state);
                await _due.WaitAsync(Interval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException exception)
            {
                LogSkipped(exception.Message); // The relay says aloud that the database is away, and when it is back.
                await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task<(OutboxState State, long Dead)> LookAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(LookSql);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = OutboxTable.Lanes });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = CountedAtMost });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        await reader.ReadAsync(cancellationToken);
        var (ready, scheduled, live) = (reader.GetInt64(0), reader.GetInt64(1), reader.GetInt64(3));
        return (new OutboxState(Estimated(ready, live - scheduled), Estimated(scheduled, live - ready), reader.GetTimeSpan(2)), reader.GetInt64(4));
    }

    private static long Estimated(long counted, long estimate) => counted < CountedAtMost ? counted : Math.Max(counted, estimate);

    private async Task VacuumAsync(CancellationToken cancellationToken)
    {
        Interlocked.Exchange(ref _deleted, 0);
        await using var command = dataSource.CreateCommand(VacuumSql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "The outbox is not looked at for now: {Reason}")]
    private partial void LogSkipped(string reason);
}
