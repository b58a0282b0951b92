using System.Net.Sockets;
using Lab.Running;
using Npgsql;

namespace Lab.Faults;

/// <summary>Waits until the app host has started again what a fault has ended.</summary>
internal static class Restart
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    /// <summary>Waits.</summary>
    /// <param name="site">The system.</param>
    /// <param name="resource">The service or server.</param>
    /// <param name="ended">The process that was ended.</param>
    /// <param name="count">How many processes there were.</param>
    /// <param name="cancellationToken">Ends the wait; the app host starts it again all the same.</param>
    /// <exception cref="LabException">It did not come back.</exception>
    public static async Task WaitAsync(FaultSite site, string resource, RunningProcess ended, int count, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limit, site.Clock);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        try
        {
            while (!await IsBackAsync(site, resource, ended, count, waiting.Token))
                await Task.Delay(Look, site.Clock, waiting.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LabException($"{ended.Id} has not come back within {Limit.TotalSeconds:0} s");
        }
    }

    private static async Task<bool> IsBackAsync(FaultSite site, string resource, RunningProcess ended, int count, CancellationToken cancellationToken)
    {
        var running = site.System.Processes(resource);
        if (running.Count < count || running.Any(process => process.ProcessId == ended.ProcessId)) return false;
        try
        {
            if (running.SingleOrDefault(process => process.Id == ended.Id) is not { } back) return false;
            if (back is Replica replica)
                await ConnectAsync(replica.Address, cancellationToken);
            else if (resource == ProcessFault.Postgres)
                await using (await DatabaseSession.ConnectAsync(site, RunningSystem.Databases[0], cancellationToken)) { }
            else
                await ConnectAsync(AddressOf(site.System.ConnectionString(resource)), cancellationToken);
            return true;
        }
        catch (Exception failure) when (failure is SocketException or NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    private static async Task ConnectAsync(Uri address, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, cancellationToken);
    }

    // nats://user:password@host:port, or the first of Kafka's host:port,host:port.
    private static Uri AddressOf(string connectionString)
    {
        var first = connectionString.Split(',')[0];
        return new Uri(first.Contains("://", StringComparison.Ordinal) ? first : "tcp://" + first);
    }
}
