using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// The process's connection to NATS, and the knowledge of when it was lost: whatever was on its way then may be gone, so
/// publishers send again and consumers begin again behind what they have settled. Thread-safe.
/// </summary>
internal sealed class JetStreamLink : IAsyncDisposable
{
    private readonly NatsConnection _connection;
    private readonly Lock _gate = new();
    private CancellationTokenSource _session = new();
    private bool _disposed;

    public JetStreamLink(string url, JetStreamTransportOptions options, ILoggerFactory loggerFactory)
    {
        Url = Redacted(url);
        _connection = new NatsConnection(NatsOpts.Default with
        {
            Url = url,
            Name = AppDomain.CurrentDomain.FriendlyName,
            LoggerFactory = loggerFactory,
            RequestTimeout = options.RequestTimeout,
            ReconnectWaitMin = TimeSpan.FromMilliseconds(100),
            ReconnectWaitMax = TimeSpan.FromSeconds(2),
        });
        _connection.ConnectionDisconnected += OnDisconnected;
        JetStream = new NatsJSContext(_connection);
    }

    /// <summary>JetStream over this connection.</summary>
    public INatsJSContext JetStream { get; }

    /// <summary>The server's address without credentials, for messages to people.</summary>
    public string Url { get; }

    /// <summary>The largest message the server takes, headers included; NATS' default before the first connection.</summary>
    public int LargestMessageBytes => _connection.ServerInfo?.MaxPayload ?? 1024 * 1024;

    /// <summary>The connection is up right now.</summary>
    public bool IsOpen => _connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Cancelled when the present connection is lost. Take it before the work it guards begins.</summary>
    public CancellationToken Lost
    {
        get
        {
            lock (_gate)
                return _session.Token;
        }
    }

    /// <summary>Connects, or waits until the connection is back.</summary>
    /// <exception cref="TransportException">The server cannot be reached, or does not let us in.</exception>
    public async Task WaitUntilOpenAsync(CancellationToken cancellationToken)
    {
        if (IsOpen)
            return;
        try
        {
            await _connection.ConnectAsync().AsTask().WaitAsync(cancellationToken);
        }
        catch (NatsException exception)
        {
            throw new TransportException($"NATS at {Url} cannot be reached: {exception.Message}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        lock (_gate)
            _disposed = true;
        await _connection.DisposeAsync();
        await _session.CancelAsync();
        _session.Dispose();
    }

    private async ValueTask OnDisconnected(object? sender, NatsEventArgs args)
    {
        CancellationTokenSource lost;
        lock (_gate)
        {
            if (_disposed)
                return;
            (lost, _session) = (_session, new CancellationTokenSource());
        }

        await lost.CancelAsync();
        lost.Dispose();
    }

    private static string Redacted(string url) => url.LastIndexOf('@') is var at and >= 0 ? url[(at + 1)..] : url;
}
