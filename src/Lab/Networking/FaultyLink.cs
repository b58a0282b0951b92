using System.Net;

namespace Lab.Networking;

/// <summary>Which way bytes go on a link.</summary>
[Flags]
internal enum LinkDirections
{
    /// <summary>From the client to the server.</summary>
    Requests = 1,

    /// <summary>From the server to the client.</summary>
    Answers = 2,

    Both = Requests | Answers,
}

/// <summary>
/// The network between one client and one server: a TCP proxy on loopback that passes bytes as they come until it is told to hurt them.
/// What is done to it lasts until the object it gave is disposed. Thread-safe.
/// </summary>
/// <param name="name">What schedules and reports call it, such as <c>payments-database</c>.</param>
/// <param name="clock">Measures delays and bandwidth.</param>
internal sealed class FaultyLink(string name, TimeProvider clock) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Host, int Port), LinkListener> _listeners = [];
    private bool _disposed;

    /// <summary>What schedules and reports call it.</summary>
    public string Name => name;

    /// <summary>What the bytes of this link meet.</summary>
    internal LinkWeather Weather { get; } = new(clock);

    /// <summary>How many connections are open.</summary>
    public int Connections
    {
        get
        {
            lock (_lock) return _listeners.Values.Sum(listener => listener.Connections.Count);
        }
    }

    /// <summary>The port of loopback that leads to a server; opened at the first question, the same one ever after.</summary>
    /// <param name="host">The server's host.</param>
    /// <param name="port">The server's port.</param>
    /// <param name="rewriting">Makes what rewrites one connection's answers; null: nothing is rewritten.</param>
    public int PortTo(string host, int port, Func<IAnswerRewriting>? rewriting = null)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (!_listeners.TryGetValue((host, port), out var listener))
                _listeners[(host, port)] = listener = new LinkListener(new DnsEndPoint(host, port), Weather, rewriting);
            return listener.Port;
        }
    }

    /// <summary>Bytes arrive later; every chunk waits by itself, so an answer is later by two of them.</summary>
    public IDisposable Delay(TimeSpan delay) => Weather.Delay(delay);

    /// <summary>Bytes do not arrive, and connections stay open, until it is over: then everything arrives.</summary>
    public IDisposable Stall(LinkDirections directions = LinkDirections.Both) => Weather.Stall(directions);

    /// <summary>Bytes arrive no faster than that, all connections together, each direction by itself.</summary>
    public IDisposable Narrow(int bytesPerSecond) => Weather.Narrow(bytesPerSecond);

    /// <summary>Every connection breaks at once, and new ones are refused.</summary>
    public IDisposable Cut()
    {
        var cut = Weather.Refuse();
        foreach (var connection in Open()) connection.Reset();
        return cut;
    }

    /// <summary>
    /// Every connection that is open breaks in the middle of the next bytes it carries: half of them arrive, then it is reset.
    /// </summary>
    /// <returns>How many connections will.</returns>
    public int ResetInTheMiddle()
    {
        var connections = Open();
        foreach (var connection in connections) connection.ResetInTheMiddle();
        return connections.Count;
    }

    /// <summary>How many connections have broken in the middle of something.</summary>
    public int Resets => Weather.Resets;

    /// <summary>Breaks what was to break in the middle and has carried nothing since, so that it does not happen later.</summary>
    public void EndResets()
    {
        foreach (var connection in Open().Where(connection => connection.BreaksInTheMiddle)) connection.Reset();
    }

    /// <summary>Requests arrive, answers do not. When it is over, the connections whose answers are gone break.</summary>
    public IDisposable DropAnswers()
    {
        var dropping = Weather.DropAnswers();
        return new Ending(() =>
        {
            dropping.Dispose();
            foreach (var connection in Open().Where(connection => connection.HasDropped)) connection.Reset();
        });
    }

    public async ValueTask DisposeAsync()
    {
        LinkListener[] listeners;
        lock (_lock)
        {
            if (_disposed) return;
            _disposed = true;
            listeners = [.. _listeners.Values];
        }

        foreach (var listener in listeners) await listener.DisposeAsync();
    }

    private List<LinkConnection> Open()
    {
        lock (_lock) return [.. _listeners.Values.SelectMany(listener => listener.Connections)];
    }
}
