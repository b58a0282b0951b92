using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Lab.Networking;

/// <summary>Accepts the connections of a link to one server.</summary>
internal sealed class LinkListener : IAsyncDisposable
{
    private readonly DnsEndPoint _server;
    private readonly LinkWeather _weather;
    private readonly Func<IAnswerRewriting>? _rewriting;
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly ConcurrentDictionary<LinkConnection, Task> _connections = new();
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _accepting;

    public LinkListener(DnsEndPoint server, LinkWeather weather, Func<IAnswerRewriting>? rewriting)
    {
        (_server, _weather, _rewriting) = (server, weather, rewriting);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public int Port { get; }

    /// <summary>The connections that are open.</summary>
    public IReadOnlyCollection<LinkConnection> Connections => [.. _connections.Keys];

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections.Keys) connection.Reset();
        await Task.WhenAll(_connections.Values);
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(_stopping.Token);
                if (_weather.IsRefusing)
                {
                    LinkConnection.Break(client);
                    continue;
                }

                var connection = new LinkConnection(client, _weather, _rewriting?.Invoke());
                var running = new TaskCompletionSource();
                _connections[connection] = running.Task;
                if (_weather.IsRefusing) connection.Reset(); // Cut between the first look and here.
                _ = RunAsync(connection, running);
            }
            catch (Exception failure) when (failure is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                // The end that was asked for, or a client that left before it was let in.
            }
        }
    }

    private async Task RunAsync(LinkConnection connection, TaskCompletionSource over)
    {
        try
        {
            await connection.RunAsync(_server);
        }
        finally
        {
            _connections.TryRemove(connection, out _);
            connection.Dispose();
            over.SetResult();
        }
    }
}
