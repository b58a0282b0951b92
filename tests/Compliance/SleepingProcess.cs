using System.Net;
using System.Net.Sockets;

namespace Compliance;

/// <summary>
/// What a member of a group sees of the world when its process is stopped as by SIGSTOP: no timer fires and nothing goes over its
/// connection; when it wakes, everything that is due comes at once.
/// </summary>
internal sealed class SleepingProcess : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly List<Task> _running = [];
    private volatile TaskCompletionSource _awake = new();

    public SleepingProcess()
    {
        Time = new SleepingTime();
        _awake.SetResult();
    }

    /// <summary>The clock to give to the member.</summary>
    public SleepingTime Time { get; }

    /// <summary>How long whatever goes over its connection is on the way, in each direction. Default: no longer than it takes.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>The address to give to the member instead of the server's own.</summary>
    public string Before(string url)
    {
        var server = new UriBuilder(url);
        _listener.Start();
        _running.Add(AcceptAsync(server.Host, server.Port));
        server.Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        return server.Uri.ToString().TrimEnd('/');
    }

    public void Sleep()
    {
        _awake = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Time.Sleep();
    }

    public void Wake()
    {
        Time.Wake();
        _awake.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        Wake();
        await _stopping.CancelAsync();
        _listener.Dispose();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task AcceptAsync(string host, int port)
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
            var server = new TcpClient { NoDelay = true };
            await server.ConnectAsync(host, port, _stopping.Token);
            _running.Add(PumpAsync(client, server));
            _running.Add(PumpAsync(server, client));
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to)
    {
        using (to)
        {
            var buffer = new byte[64 * 1024];
            while (await from.GetStream().ReadAsync(buffer, _stopping.Token) is var count and > 0)
            {
                await _awake.Task.WaitAsync(_stopping.Token);
                if (Latency > TimeSpan.Zero)
                    await Task.Delay(Latency, _stopping.Token);
                await to.GetStream().WriteAsync(buffer.AsMemory(0, count), _stopping.Token);
            }
        }
    }
}

/// <summary>A clock whose timers do not fire while it sleeps; when it wakes, those that are due do.</summary>
internal sealed class SleepingTime : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Action> _due = [];
    private bool _sleeps;

    public void Sleep()
    {
        lock (_gate)
            _sleeps = true;
    }

    public void Wake()
    {
        List<Action> due;
        lock (_gate)
        {
            _sleeps = false;
            due = [.. _due];
            _due.Clear();
        }

        due.ForEach(callback => callback());
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        return base.CreateTimer(_ => Fire(), null, dueTime, period);

        void Fire()
        {
            lock (_gate)
            {
                if (_sleeps)
                {
                    _due.Add(() => callback(state));
                    return;
                }
            }

            callback(state);
        }
    }
}
