using System.Diagnostics;
using System.Globalization;
using Npgsql;

namespace Patterns;

/// <summary>A server of a test's own, for what cannot be done to the one that the others use.</summary>
public sealed class OwnPostgres : IAsyncDisposable
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly DistributedApplication _application;

    private OwnPostgres(DistributedApplication application, string connectionString, int processId) =>
        (_application, ConnectionString, ProcessId) = (application, connectionString, processId);

    /// <summary>As its superuser, without a database.</summary>
    public string ConnectionString { get; }

    /// <summary>Its first process.</summary>
    public int ProcessId { get; }

    public static async Task<OwnPostgres> StartAsync(params string[] settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using var limit = new CancellationTokenSource(StartLimit);
        var builder = DistributedApplicationTestingBuilder.Create();
        builder.AddPostgres("own").WithArgs([.. settings.SelectMany(setting => new[] { "-c", setting })]);
        var application = await builder.BuildAsync(limit.Token);
        await application.StartAsync(limit.Token);
        var running = await application.ResourceNotifications.WaitForResourceHealthyAsync("own", limit.Token);
        var process = running.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value;
        return new OwnPostgres(
            application, (await application.GetConnectionStringAsync("own", limit.Token))!, Convert.ToInt32(process, CultureInfo.InvariantCulture));
    }

    /// <summary>Shuts it down as an operator does (fast, SIGINT) and waits until it is gone.</summary>
    public async Task ShutDownAsync(TimeSpan deadline)
    {
        using var server = Process.GetProcessById(ProcessId);
        using var kill = Process.Start("kill", ["-INT", ProcessId.ToString(CultureInfo.InvariantCulture)]);
        await server.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(deadline);
    }

    public async ValueTask DisposeAsync()
    {
        await using (var any = new NpgsqlConnection(ConnectionString))
            NpgsqlConnection.ClearPool(any);
        await _application.DisposeAsync();
    }
}
