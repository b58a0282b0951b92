using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;
using Standins.NATS.Client.Serializers.Json;

namespace Standins.NATS.Client.JetStream;

/// <summary>
/// What consuming and fetching share: an inbox for the messages of pull requests, the statuses among them, a watch for silence and one
/// for expiry. The buffer needs no limit of its own: the server sends what was asked for and no more. One reader.
/// </summary>
internal abstract partial class Pull<T> : Subscription, IAsyncDisposable
{
    // How late the server may tell that a request has expired. One of version 2.9 does not tell at all when a message comes just then.
    private static readonly TimeSpan ExpiryGrace = TimeSpan.FromSeconds(1);

    private static readonly NatsJsonSerializer<ConsumerGetnextRequest> RequestSerializer = NatsJSJson.Serializer<ConsumerGetnextRequest>();

    private readonly NatsJSConsumer _consumer;
    private readonly string _next;
    private readonly INatsDeserialize<T> _deserializer;
    private readonly ILogger _logger;
    private readonly byte[] _inbox;
    private readonly ITimer _watch;
    private readonly ITimer _expiry;
    private readonly TimeSpan _longestSilence;
    private readonly Channel<NatsJSMsg<T>> _messages = Channel.CreateUnbounded<NatsJSMsg<T>>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
    private long _lastHeard;
    private long _lastRequest;
    private bool _readerWaits;

    protected Pull(NatsJSConsumer consumer, PullLimits limits, INatsDeserialize<T>? deserializer)
        : base(NatsConnection.NewInbox(), queueGroup: null)
    {
        _consumer = consumer;
        _next = NatsJSContext.Api($"CONSUMER.MSG.NEXT.{consumer.Info.StreamName}.{consumer.Info.Name}");
        Limits = limits;
        _deserializer = deserializer ?? Connection.Opts.SerializerRegistry.GetDeserializer<T>();
        _logger = Connection.Opts.LoggerFactory.CreateLogger("NATS.Client.JetStream.Pull");
        _inbox = System.Text.Encoding.UTF8.GetBytes(Subject);
        var heartbeats = limits.IdleHeartbeat > TimeSpan.Zero;
        _longestSilence = heartbeats ? 2 * limits.IdleHeartbeat : limits.Expires + ExpiryGrace;
        var interval = heartbeats ? limits.IdleHeartbeat : _longestSilence;
        _watch = TimeProvider.System.CreateTimer(static state => ((Pull<T>)state!).CheckSilence(), this, interval, interval);
        _expiry = TimeProvider.System.CreateTimer(static state => ((Pull<T>)state!).OnExpired(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    protected PullLimits Limits { get; }

    protected NatsConnection Connection => _consumer.Context.Core;

    /// <summary>No request that was sent can still be served.</summary>
    protected bool IsExpired => Environment.TickCount64 - Volatile.Read(ref _lastRequest) >= Limits.Expires.TotalMilliseconds;

    /// <summary>Subscribes and asks for the first messages.</summary>
    public async ValueTask StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        await Connection.AddAsync(this, cancellationToken);
        Heard();
        OnStart();
    }

    /// <summary>Waits for a message; false when there will be none. Throws why, if that is an error.</summary>
    public async ValueTask<bool> WaitAsync(CancellationToken cancellationToken)
    {
        if (_messages.Reader.TryPeek(out _))
            return true;

        Heard();
        Volatile.Write(ref _readerWaits, true);
        try
        {
            return await _messages.Reader.WaitToReadAsync(cancellationToken);
        }
        finally
        {
            Volatile.Write(ref _readerWaits, false);
        }
    }

    public bool TryTake(out NatsJSMsg<T> message) => _messages.Reader.TryRead(out message!);

    public override ValueTask ReceiveAsync(in ServerFrame frame)
    {
        Heard();
        if (frame.Subject.SequenceEqual(_inbox))
        {
            OnStatus(HeaderCodec.ParseOrTellError(frame.Headers) ?? new NatsHeaders());
            return default;
        }

        var message = new NatsJSMsg<T>(_consumer, NatsMsg<T>.From(frame.SubjectText, frame, Connection, _deserializer));
        OnMessage(message);
        return default;
    }

    public override void End(Exception? reason) => Complete(reason);

    public virtual async ValueTask DisposeAsync()
    {
        Connection.Remove(this);
        Complete();
        await _watch.DisposeAsync();
        await _expiry.DisposeAsync();
    }

    protected abstract void OnStart();

    protected abstract void OnMessage(NatsJSMsg<T> message);

    protected abstract void OnStatus(NatsHeaders status);

    /// <summary>The reader waits and nothing was heard for twice the heartbeat interval, or without heartbeats past the expiry.</summary>
    protected abstract void OnSilence();

    /// <summary>The time of every request that was sent is over, whatever the server has told of them; or was, before another was sent.</summary>
    protected abstract void OnExpired();

    protected void Buffer(NatsJSMsg<T> message) => _messages.Writer.TryWrite(message);

    /// <summary>No more messages after those buffered.</summary>
    protected void Complete(Exception? error = null) => _messages.Writer.TryComplete(error);

    /// <summary>Sends a pull request, unless there is no connection: every reconnect starts anew anyway.</summary>
    protected void Request(int amount, bool noWait = false)
    {
        var request = new ConsumerGetnextRequest
        {
            Batch = amount,
            NoWait = noWait,
            Expires = noWait ? TimeSpan.Zero : Limits.Expires,
            IdleHeartbeat = noWait ? TimeSpan.Zero : Limits.IdleHeartbeat,
        };
        Volatile.Write(ref _lastRequest, Environment.TickCount64);
        if (!noWait)
            _expiry.Change(Limits.Expires + ExpiryGrace, Timeout.InfiniteTimeSpan);
        Connection.TryPublish(_next, Subject, request, RequestSerializer);
    }

    /// <summary>Ends the pull if the status says that it cannot go on.</summary>
    protected bool CompleteIfTerminal(NatsHeaders status)
    {
        var terminal = status.Code is 400 or 404 || (status.Code == 409 && (
            status.MessageText is "Consumer Deleted"
            || status.MessageText.StartsWith("Exceeded Max", StringComparison.OrdinalIgnoreCase)
            || status.MessageText.StartsWith("Consumer is push based", StringComparison.OrdinalIgnoreCase)));
        if (terminal)
            Complete(new NatsJSProtocolException(status.Code, status.MessageText));

        return terminal;
    }

    protected void LogUnknown(NatsHeaders status) => UnknownStatus(_logger, status.Code, status.MessageText);

    [LoggerMessage(1020, LogLevel.Warning, "JetStream sent an unknown status: {Code} {Text}")]
    private static partial void UnknownStatus(ILogger logger, int code, string text);

    [LoggerMessage(1021, LogLevel.Warning, "JetStream consumer {Consumer} was silent for {Silence}")]
    private static partial void Silent(ILogger logger, string consumer, TimeSpan silence);

    private void Heard() => Volatile.Write(ref _lastHeard, Environment.TickCount64);

    // While the application works on a message no pull request need be open, so silence means nothing then.
    private void CheckSilence()
    {
        if (!Volatile.Read(ref _readerWaits) || Environment.TickCount64 - Volatile.Read(ref _lastHeard) < _longestSilence.TotalMilliseconds)
            return;

        Heard();
        Silent(_logger, _consumer.Info.Name, _longestSilence);
        OnSilence();
    }
}
