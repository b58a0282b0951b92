using Microsoft.Extensions.Hosting;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>Looks at the slot now and then, for the metrics and for the age that the health check reports.</summary>
internal sealed class WalLagMonitor(WalLag lag, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await lag.LookAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (NpgsqlException)
            {
                // The relay says that the database is away, and the health check does.
            }

            await Task.Delay(Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
