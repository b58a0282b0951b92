using System.Net;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>
/// Listens on an endpoint's port and passes each connection to a random replica. A connection that comes before a replica listens
/// is parked: it is not read, so it holds what the kernel buffers and no more. Thread safe.
/// </summary>
internal sealed class TcpProxy : IAsyncDisposable
{
    private const int MostParked = 20;
    private const int ParkedBytes = 1024 * 1024;

    private static readonly TimeSpan DialLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(2);

    private readonly Lock _lock = new();
    private readonly List<Socket> _listeners;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly HashSet<Task> _connections = [];
    private readonly List<CancellationTokenSource> _parked = [];
    private readonly List<Task> _accepting;
    private ImmutableArray<int> _targets = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private TcpProxy(List<Socket> listeners, TimeProvider time)
    {
        (_listeners, _time) = (listeners, time);
        Port = ((IPEndPoint)listeners[0].LocalEndPoint!).Port;
        _accepting = [.. listeners.Select(AcceptAsync)];
    }

    public int Port { get; }

    /// <summary>Listens on 127.0.0.1 and, where there is IPv6, on ::1; on a port that is free on both if it is 0.</summary>
    public static TcpProxy Open(int port, TimeProvider time)
    {
        for (var attempt = 1; ; attempt++)
        {
            var listeners = new List<Socket>();
            try
            {
                Listen(listeners, IPAddress.Loopback, port);
                if (Socket.OSSupportsIPv6)
                    Listen(listeners, IPAddress.IPv6Loopback, ((IPEndPoint)listeners[0].LocalEndPoint!).Port);
                return new TcpProxy(listeners, time);
            }
            catch (SocketException failure)
            {
                listeners[^1].Dispose();
                // IPv6 may be there, but not on loopback.
                if (failure.SocketErrorCode == SocketError.AddressNotAvailable && listeners.Count == 2)
                    return new TcpProxy(listeners[..1], time);

                listeners[0].Dispose();
                if (port != 0 || attempt == 10)
                    throw;
            }
        }
    }

    /// <summary>Says that a process is to listen on this port, now or soon.</summary>
    public void Add(int target) => Change(targets => targets.Add(target));

    public void Remove(int target) => Change(targets => targets.Remove(target));

    /// <summary>Stops listening and cuts every connection.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listeners.ForEach(l => l.Dispose());
        await Task.WhenAll(_accepting);
        Task[] connections;
        lock (_lock)
            connections = [.. _connections];
        await Task.WhenAll(connections);
        _stop.Dispose();
    }

    private static void Listen(List<Socket> listeners, IPAddress address, int port)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listeners.Add(socket);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(512);
    }

    private void Change(Func<ImmutableArray<int>, ImmutableArray<int>> change)
    {
        TaskCompletionSource changed;
        lock (_lock)
        {
            _targets = change(_targets);
            (changed, _changed) = (_changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        changed.SetResult();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var connection = ServeAsync(await listener.AcceptAsync(_stop.Token));
                lock (_lock)
                    _connections.Add(connection);
                _ = connection.ContinueWith(Forget, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            }
            catch (Exception failure) when (failure is OperationCanceledException or ObjectDisposedException)
            {
                return;
            }
            catch (SocketException)
            {
                // The client has gone already, or there are too many open files: the next one may do better.
                await Task.WhenAny(Task.Delay(FirstPause, _time, _stop.Token));
            }
        }
    }

    private void Forget(Task connection)
    {
        lock (_lock)
            _connections.Remove(connection);
    }

    private async Task ServeAsync(Socket client)
    {
        using (client)
        {
            try
            {
                using var server = await DialAnyAsync(_stop.Token) ?? await ParkAsync(client);
                await SocketPipe.RunAsync(client, server, _stop.Token);
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                // The proxy ends, or the connection was the oldest of too many parked: the client sees a reset.
                client.Close(0);
            }
        }
    }

    /// <summary>Tries every replica once, in turn from a random one; null when none answers.</summary>
    private async Task<Socket?> DialAnyAsync(CancellationToken cancellationToken)
    {
        ImmutableArray<int> targets;
        lock (_lock)
            targets = _targets;
        var first = targets.Length < 2 ? 0 : Random.Shared.Next(targets.Length);
        for (var i = 0; i < targets.Length; i++)
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(DialLimit);
            var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, targets[(first + i) % targets.Length], limit.Token);
                return server;
            }
            catch (Exception failure) when (failure is SocketException or OperationCanceledException)
            {
                server.Dispose();
                cancellationToken.ThrowIfCancellationRequested();
            }
        }

        return null;
    }

    /// <summary>Waits until a replica answers; the oldest waiting connection makes room for the 21st.</summary>
    private async Task<Socket> ParkAsync(Socket client)
    {
        client.ReceiveBufferSize = ParkedBytes;
        using var dropped = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Enter(dropped);
        try
        {
            for (var pause = FirstPause; ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
            {
                Task changed;
                bool any;
                lock (_lock)
                    (changed, any) = (_changed.Task, !_targets.IsEmpty);
                await Task.WhenAny(changed, Task.Delay(any ? pause : Timeout.InfiniteTimeSpan, _time, dropped.Token));
                if (await DialAnyAsync(dropped.Token) is { } server)
                    return server;
                dropped.Token.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            lock (_lock)
                _parked.Remove(dropped);
        }
    }

    private void Enter(CancellationTokenSource parked)
    {
        lock (_lock)
        {
            if (_parked.Count == MostParked)
            {
                _ = _parked[0].CancelAsync();
                _parked.RemoveAt(0);
            }

            _parked.Add(parked);
        }
    }
}
