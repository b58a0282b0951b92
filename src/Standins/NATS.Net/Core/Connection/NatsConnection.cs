using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;

namespace Standins.NATS.Client.Core;

/// <inheritdoc cref="INatsConnection"/>
/// <remarks>
/// Connects at the first use or by <see cref="ConnectAsync"/>. One loop reads and dispatches, one writes; commands of all callers are
/// coalesced. When the connection is lost it is re-established with backoff over all known servers, subscriptions and pull requests
/// are renewed, and publishes wait meanwhile. A request that was under way when the connection broke gets no reply and times out.
/// </remarks>
public sealed partial class NatsConnection : INatsConnection
{
    private const string InboxAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private readonly Lock _gate = new();
    private readonly ILogger<NatsConnection> _logger;
    private readonly ServerList _servers;
    private readonly CommandWriter _writer;
    private readonly RequestMultiplexer _requests;
    private readonly EventQueue _events;
    private readonly ConcurrentDictionary<int, Subscription> _subscriptions = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile NatsConnectionState _state;
    private TaskCompletionSource _opened = NewSignal();
    private Task _running = Task.CompletedTask;
    private volatile ServerInfo? _info;
    private bool _disposed;
    private int _lastSid;

    /// <summary>Throws <see cref="NatsException"/> when <see cref="NatsOpts.Url"/> cannot be read. Does not connect.</summary>
    public NatsConnection(NatsOpts opts)
    {
        ArgumentNullException.ThrowIfNull(opts);
        Opts = opts;
        _logger = opts.LoggerFactory.CreateLogger<NatsConnection>();
        _servers = new ServerList(opts);
        _writer = new CommandWriter();
        _requests = new RequestMultiplexer(this);
        _events = new EventQueue(_logger);
    }

    /// <inheritdoc />
    public event AsyncEventHandler<NatsEventArgs>? ConnectionDisconnected;

    /// <inheritdoc />
    public event AsyncEventHandler<NatsEventArgs>? ConnectionOpened;

    /// <inheritdoc />
    public event AsyncEventHandler<NatsEventArgs>? ReconnectFailed;

    /// <inheritdoc />
    public event AsyncEventHandler<NatsMessageDroppedEventArgs>? MessageDropped;

    /// <inheritdoc />
    public event AsyncEventHandler<NatsServerErrorEventArgs>? ServerError;

    /// <inheritdoc />
    public event AsyncEventHandler<NatsLameDuckModeActivatedEventArgs>? LameDuckModeActivated;

    /// <inheritdoc />
    public NatsOpts Opts { get; }

    /// <inheritdoc />
    public NatsConnectionState ConnectionState => _state;

    /// <inheritdoc />
    public INatsServerInfo? ServerInfo => _info;

    /// <inheritdoc />
    public ValueTask ConnectAsync() => new(OpenedAsync());

    // The task is shared by all who wait: its failure is not their own.
    private Task OpenedAsync()
    {
        Task opened;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_state == NatsConnectionState.Open)
                return Task.CompletedTask;

            if (_state == NatsConnectionState.Closed)
            {
                _state = NatsConnectionState.Connecting;
                _opened = NewSignal();
                _running = RunDetached();
            }

            opened = _opened.Task;
        }

        return opened;
    }

    /// <summary>A fresh unique reply subject.</summary>
    internal static string NewInbox() => $"_INBOX.{RandomNumberGenerator.GetString(InboxAlphabet, 22)}";

    /// <summary>
    /// Sends what is buffered (for at most <see cref="NatsOpts.CommandTimeout"/>), closes the connection, ends all subscriptions and
    /// fails what still waits with <see cref="ObjectDisposedException"/>.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        Task running;
        lock (_gate)
        {
            if (_disposed)
                return;

            _disposed = true;
            running = _running;
        }

        if (_state == NatsConnectionState.Open)
            await DrainAsync(CancellationToken.None);

        await _stopping.CancelAsync();
        await running;
        if (_successor is not null)
            await _successor.DisposeAsync();

        _state = NatsConnectionState.Closed;
        End(reason: null, new ObjectDisposedException(nameof(NatsConnection)));
        await _events.DisposeAsync();
        _requests.Dispose();
        _stopping.Dispose();
    }

    internal void OnMessageDropped(int pending, string subject)
    {
        Log.MessageDropped(_logger, subject, pending);
        Raise(MessageDropped, new NatsMessageDroppedEventArgs(pending, subject));
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    // The answer to a PING proves that the server has all that was sent before it.
    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        timeout.CancelAfter(Opts.CommandTimeout);
        try
        {
            await PingCoreAsync(timeout.Token);
        }
        catch (OperationCanceledException)
        {
            Log.NotDrained(_logger, Opts.CommandTimeout);
        }
    }

    // The loops outlive the call that starts them and must not keep its ambient context, a trace for instance.
    private Task RunDetached()
    {
        if (ExecutionContext.IsFlowSuppressed())
            return RunAsync();

        using (ExecutionContext.SuppressFlow())
            return RunAsync();
    }

    private void End(Exception? reason, Exception forWaiters)
    {
        Fail(_opened, forWaiters);
        _writer.Stop(forWaiters);
        foreach (var subscription in _subscriptions.Values)
            subscription.End(reason);

        _requests.FailAll(forWaiters);
        CancelPings();
    }

    private static void Fail(TaskCompletionSource signal, Exception reason)
    {
        signal.TrySetException(reason);
        // Nobody may be waiting; that is no unobserved exception.
        _ = signal.Task.Exception;
    }

    private void Raise<TArgs>(AsyncEventHandler<TArgs>? handlers, TArgs args)
        where TArgs : NatsEventArgs
    {
        if (handlers is not null)
            _events.Enqueue(this, handlers, args);
    }

    private static partial class Log
    {
        [LoggerMessage(1001, LogLevel.Information, "NATS connected to {Server}, nats-server {Version}")]
        public static partial void Connected(ILogger logger, ServerAddress server, string version);

        [LoggerMessage(1002, LogLevel.Warning, "NATS connection to {Server} lost")]
        public static partial void Disconnected(ILogger logger, ServerAddress server, Exception? reason);

        [LoggerMessage(1003, LogLevel.Warning, "NATS cannot connect to {Server}: {Error}")]
        public static partial void ConnectFailed(ILogger logger, ServerAddress server, string error);

        [LoggerMessage(1004, LogLevel.Error, "NATS connection given up: {Error}")]
        public static partial void Failed(ILogger logger, string error, Exception? reason);

        [LoggerMessage(1005, LogLevel.Warning, "NATS server error: {Error}")]
        public static partial void ServerError(ILogger logger, string error);

        [LoggerMessage(1006, LogLevel.Warning, "NATS message on {Subject} dropped, subscription full with {Pending} messages")]
        public static partial void MessageDropped(ILogger logger, string subject, int pending);

        [LoggerMessage(1007, LogLevel.Warning, "NATS connection closed before the server confirmed the last commands within {Timeout}")]
        public static partial void NotDrained(ILogger logger, TimeSpan timeout);
    }
}
