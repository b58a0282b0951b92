using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// The process's connection to NATS, and the knowledge of when it was lost: whatever was on its way then may be gone, so
/// publishers send again and consumers begin again behind what they have settled. Thread-safe.
/// </summary>
internal sealed class JetStreamLink : IAsyncDisposable
{
    private readonly NatsOpts _settings;
    private readonly Lock _gate = new();
    private volatile NatsJSContext _jetStream;
    private CancellationTokenSource _session = new();
    private bool _disposed;

    public JetStreamLink(string url, JetStreamTransportOptions options, ILoggerFactory loggerFactory)
    {
        Url = Redacted(url);
        _settings = NatsOpts.Default with
        {
            Url = url,
            Name = AppDomain.CurrentDomain.FriendlyName,
            LoggerFactory = loggerFactory,
            RequestTimeout = options.RequestTimeout,
            ReconnectWaitMin = TimeSpan.FromMilliseconds(100),
            ReconnectWaitMax = TimeSpan.FromSeconds(2),
            IgnoreAuthErrorAbort = true, // Credentials that are being changed are refused for a while.
        };
        _jetStream = Create();
    }

    /// <summary>JetStream over the present connection: take it anew for every use.</summary>
    public INatsJSContext JetStream => _jetStream;

    /// <summary>The server's address without credentials, for messages to people.</summary>
    public string Url { get; }

    /// <summary>The largest message the server takes, headers included; NATS' default before the first connection.</summary>
    public int LargestMessageBytes => _jetStream.Connection.ServerInfo?.MaxPayload ?? 1024 * 1024;

    /// <summary>The connection is up right now.</summary>
    public bool IsOpen => _jetStream.Connection.ConnectionState == NatsConnectionState.Open;

    /// <summary>Cancelled when the present connection is lost. Take it before the work it guards begins.</summary>
    public CancellationToken Lost
    {
        get
        {
            lock (_gate)
                return _session.Token;
        }
    }

    /// <summary>Connects, or waits until the connection is back. A connection that has given up is replaced.</summary>
    /// <exception cref="TransportException">The server cannot be reached, or does not let us in.</exception>
    public async Task WaitUntilOpenAsync(CancellationToken cancellationToken)
    {
        if (IsOpen)
            return;
        if (_jetStream.Connection.ConnectionState == NatsConnectionState.Failed)
            await ReplaceAsync();
        try
        {
            await _jetStream.Connection.ConnectAsync().AsTask().WaitAsync(cancellationToken);
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
        await _jetStream.Connection.DisposeAsync();
        await _session.CancelAsync();
        _session.Dispose();
    }

    private NatsJSContext Create()
    {
        var connection = new NatsConnection(_settings);
        connection.ConnectionDisconnected += OnDisconnected;
        return new NatsJSContext(connection);
    }

    private async Task ReplaceAsync()
    {
        INatsConnection failed;
        lock (_gate)
        {
            failed = _jetStream.Connection;
            if (_disposed || failed.ConnectionState != NatsConnectionState.Failed)
                return;
            _jetStream = Create();
        }

        await EndSessionAsync();
        await failed.DisposeAsync();
    }

    private ValueTask OnDisconnected(object? sender, NatsEventArgs args) => EndSessionAsync();

    private async ValueTask EndSessionAsync()
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
