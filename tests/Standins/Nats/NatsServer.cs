using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Standins.Nats;

/// <summary>A nats-server process of one's own: random port, its data in a temporary directory, killed without mercy.</summary>
public sealed class NatsServer : IAsyncLifetime
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("nats-");
    private Process? _process;

    public string[] Arguments { get; init; } = ["-js"];

    public int Port { get; } = FreePort();

    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>Options that reconnect quickly.</summary>
    public NatsOpts Opts => new()
    {
        Url = Url,
        ReconnectWaitMin = TimeSpan.FromMilliseconds(50),
        ReconnectWaitMax = TimeSpan.FromMilliseconds(200),
        ReconnectJitter = TimeSpan.FromMilliseconds(10),
    };

    public NatsConnection Connect() => new(Opts);

    public async ValueTask InitializeAsync() => await StartAsync();

    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("nats-server") { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])["-a", "127.0.0.1", "-p", Port.ToString(), "-sd", _data.FullName, .. Arguments])
            start.ArgumentList.Add(argument);

        _process = Process.Start(start)!;
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        await Wait.UntilAsync(CanConnectAsync, "nats-server listens");
    }

    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Stops the process without ending it: its sockets stay open and nobody reads them.</summary>
    public Task SuspendAsync() => SignalAsync("STOP");

    /// <summary>As <c>nats-server --signal ldm</c>: takes no more connections and sends those it has away, one by one, after ten seconds.</summary>
    public Task EnterLameDuckModeAsync() => SignalAsync("USR2");

    public Task ResumeAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false })
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process?.Dispose();
        _data.Delete(recursive: true);
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process!.Id.ToString()]);
        await kill.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    private async Task<bool> CanConnectAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Port);
            return await client.GetStream().ReadAsync(new byte[1]) == 1;
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            return false;
        }
    }
}

/// <summary>Waiting for a condition, with a deadline.</summary>
public static class Wait
{
    /// <summary>In milliseconds: when a test that talks to a server is cancelled.</summary>
    public const int TestTimeout = 120_000;

    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        var started = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > Deadline)
                throw new TimeoutException($"not within {Deadline}: {what}");

            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits on the thread of the caller, for those who cannot but hold it.</summary>
    public static void Until(Func<bool> condition, string what)
    {
        if (!SpinWait.SpinUntil(condition, Deadline))
            throw new TimeoutException($"not within {Deadline}: {what}");
    }

    public static Task UntilAsync(Func<bool> condition, string what) => UntilAsync(() => Task.FromResult(condition()), what);

    /// <summary>Reads that many items; fails if they do not come in time.</summary>
    public static async Task<IReadOnlyList<T>> TakeAsync<T>(this IAsyncEnumerable<T> source, int count)
    {
        var items = new List<T>();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(Deadline);
        await foreach (var item in source.WithCancellation(deadline.Token))
        {
            items.Add(item);
            if (items.Count == count)
                return items;
        }

        throw new TimeoutException($"{items.Count} of {count} items");
    }
}
