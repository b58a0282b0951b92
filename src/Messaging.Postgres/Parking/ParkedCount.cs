using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>Counts now and then what is parked, per consumer and state: the gauge <c>messaging.parked</c>.</summary>
internal sealed partial class ParkedCount : BackgroundService
{
    private const string CountSql = "select consumer, state, count(*) from messaging.parked group by consumer, state";

    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _dataSource;
    private readonly TimeProvider _time;
    private readonly ILogger<ParkedCount> _logger;
    private Measurement<long>[] _counted = [];

    public ParkedCount(NpgsqlDataSource dataSource, IMeterFactory meters, TimeProvider time, ILogger<ParkedCount> logger)
    {
        (_dataSource, _time, _logger) = (dataSource, time, logger);
        meters.Create(OutboxMetrics.Name).CreateObservableGauge(
            "messaging.parked", () => _counted, "{message}", "Messages put aside: parked ones are tried again, dead ones wait for an operator.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, _time);
        try
        {
            do
            {
                await CountAsync(stoppingToken);
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // That is how it ends.
        }
    }

    private async Task CountAsync(CancellationToken cancellationToken)
    {
        try
        {
            var counted = new List<Measurement<long>>();
            await using var command = _dataSource.CreateCommand(CountSql);
            await using var reader = await command.ExecuteReaderAsync(cancellationToken);
            while (await reader.ReadAsync(cancellationToken))
            {
                counted.Add(new Measurement<long>(
                    reader.GetInt64(2), new("consumer", reader.GetString(0)), new KeyValuePair<string, object?>("state", reader.GetString(1))));
            }

            // What is gone is told as zero: a gauge that falls silent keeps its last value at whoever collects it.
            var gone = _counted.Where(old => !counted.Exists(now => now.Tags.SequenceEqual(old.Tags))).Select(old => new Measurement<long>(0, old.Tags));
            _counted = [.. counted, .. gone];
        }
        catch (NpgsqlException exception)
        {
            LogFailed(exception.Message); // The next tick tries again.
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Parked messages could not be counted: {Reason}")]
    private partial void LogFailed(string reason);
}
