using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// The process's connection to NATS, and the knowledge of when it was lost: whatever was on its way then may be gone, so
/// publishers send again and consumers begin again behind what they have settled. Thread-safe.
/// </summary>
internal sealed class JetStreamLink : IAsyncDisposable
{
    private const int MostComplaints = 32;

    private readonly NatsOpts _settings;
    private readonly Lock _gate = new();
    private volatile NatsJSContext _jetStream;
    private readonly TimeSpan _patience;
    private CancellationTokenSource _session = new();
    private readonly List<string> _complaints = [];
    private TaskCompletionSource _complained = NewSignal();
    private bool _disposed;

    public JetStreamLink(string url, JetStreamTransportOptions options, ILoggerFactory loggerFactory)
    {
        Url = Redacted(url);
        _patience = options.RequestTimeout;
        _settings = NatsOpts.Default with
        {
            Url = url,
            Name = AppDomain.CurrentDomain.FriendlyName,
            LoggerFactory = loggerFactory,
            TlsOpts = new NatsTlsOpts { CaFile = options.TlsCaFile, CertFile = options.TlsCertFile, KeyFile = options.TlsKeyFile },
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
            var refused = exception as NatsServerException ?? exception.InnerException as NatsServerException;
            throw new TransportException(
                refused is { IsAuthError: true }
                    ? $"NATS at {Url} refused the credentials: {refused.Error}."
                    : $"NATS at {Url} cannot be reached: {exception.Message}{(exception.InnerException is { } cause ? $": {cause.Message}" : "")}",
                exception);
        }
    }

    /// <summary>As <see cref="WaitUntilOpenAsync"/>, but no longer than the request timeout.</summary>
    /// <exception cref="TransportException">The server cannot be reached, or does not let us in.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        if (IsOpen)
            return;
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(_patience);
        try
        {
            await WaitUntilOpenAsync(timeout.Token);
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException($"NATS at {Url} was not reached within {_patience}{(LastComplaint is { } last ? $": {last}" : ".")}", exception);
        }
    }

    /// <summary>
    /// What is wrong, as one sentence. The server tells of a denied permission beside the request, which then has no answer: the
    /// last such complaint of this connection stands for the missing answer.
    /// </summary>
    /// <param name="failed">What was tried, as a sentence that a colon ends.</param>
    /// <param name="cause">What came of it.</param>
    public TransportException Explain(string failed, Exception cause)
    {
        var unanswered = cause is NatsJSApiNoResponseException or NatsJSPublishNoResponseException or NatsNoReplyException or OperationCanceledException;
        return new($"{failed}: {(unanswered && LastComplaint is { } complaint ? complaint : cause.Message)}", cause);
    }

    /// <summary>The server's complaint on this connection that says <paramref name="what"/>, for a denied permission; null when there is none.</summary>
    public string? ComplaintAbout(string what)
    {
        lock (_complaints)
            return _complaints.FindLast(complaint => complaint.Contains(what, StringComparison.Ordinal));
    }

    /// <summary>Waits for such a complaint.</summary>
    public async Task<string> WaitForComplaintAsync(string what, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task complained;
            lock (_complaints)
                complained = _complained.Task;
            if (ComplaintAbout(what) is { } complaint)
                return complaint;
            await complained.WaitAsync(cancellationToken);
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
        connection.ConnectionOpened += (_, _) => Note(null);
        connection.ReconnectFailed += (_, failure) => Note(failure.Message);
        connection.ServerError += (_, error) => Note(error.Error);
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

    private string? LastComplaint
    {
        get
        {
            lock (_complaints)
                return _complaints.LastOrDefault();
        }
    }

    /// <summary>Null: the connection is open, and what was wrong before counts no more.</summary>
    private ValueTask Note(string? complaint)
    {
        TaskCompletionSource complained;
        lock (_complaints)
        {
            if (complaint is null || _complaints.Count == MostComplaints)
                _complaints.Clear();
            if (complaint is not null)
                _complaints.Add(complaint);
            (complained, _complained) = (_complained, NewSignal());
        }

        complained.SetResult();
        return ValueTask.CompletedTask;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

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
