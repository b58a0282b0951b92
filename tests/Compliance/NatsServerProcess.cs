using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Compliance;

/// <summary>A nats-server of a test's own, to be frozen, killed and started again on the same port and data.</summary>
/// <param name="config">Further configuration in the server's own language. Default: none.</param>
internal sealed class NatsServerProcess(string config = "") : IAsyncDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nats-");
    private readonly int _port = FreePort();
    private Process? _process;

    /// <summary>Where the server keeps its streams.</summary>
    public string Data => _data.FullName;

    public string Url => $"nats://127.0.0.1:{_port}";

    /// <summary>The server's address for a user whose password is <c>secret</c>.</summary>
    public string UrlOf(string user, string password = "secret") => $"nats://{user}:{password}@127.0.0.1:{_port}";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var settings = Path.Combine(_data.FullName, "server.conf");
        await File.WriteAllTextAsync(settings, config, cancellationToken);
        _process = Process.Start(new ProcessStartInfo("nats-server", ["-c", settings, "-a", "127.0.0.1", "-p", $"{_port}", "-js", "-sd", _data.FullName])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        })!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await AcceptsAsync(deadline.Token))
            await timer.WaitForNextTickAsync(deadline.Token);
    }

    /// <summary>As a machine that hangs: the connections stay, nothing is answered. SIGSTOP.</summary>
    public Task FreezeAsync() => SignalAsync("STOP");

    /// <summary>Goes on after <see cref="FreezeAsync"/>.</summary>
    public Task ThawAsync() => SignalAsync("CONT");

    /// <summary>As a crash: SIGKILL.</summary>
    public async Task KillAsync()
    {
        if (_process is not { } process)
            return;
        _process = null;
        process.Kill();
        await process.WaitForExitAsync();
        process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _data.Delete(recursive: true);
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{_process!.Id}"]);
        await kill.WaitForExitAsync();
        if (kill.ExitCode != 0)
            throw new InvalidOperationException($"kill -{signal} ended with {kill.ExitCode}.");
    }

    private async Task<bool> AcceptsAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
