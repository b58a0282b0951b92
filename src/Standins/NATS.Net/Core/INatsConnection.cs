using System.Threading.Channels;

namespace Standins.NATS.Client.Core;

/// <summary>One connection to one server of a cluster, which it re-establishes when it is lost. Safe for concurrent use; one per process is enough.</summary>
public interface INatsConnection : IAsyncDisposable
{
#pragma warning disable MA0046 // Handlers are awaited: the delegate is the official API's.
    /// <summary>The connection was lost; reconnecting begins.</summary>
    event AsyncEventHandler<NatsEventArgs>? ConnectionDisconnected;

    /// <summary>The connection is open, for the first time or again.</summary>
    event AsyncEventHandler<NatsEventArgs>? ConnectionOpened;

    /// <summary>One attempt to reconnect failed.</summary>
    event AsyncEventHandler<NatsEventArgs>? ReconnectFailed;

    /// <summary>A core subscription was full.</summary>
    event AsyncEventHandler<NatsMessageDroppedEventArgs>? MessageDropped;

    /// <summary>The server reported an error on an open connection.</summary>
    event AsyncEventHandler<NatsServerErrorEventArgs>? ServerError;

    /// <summary>The server is about to shut down. If another one is known the connection goes there by itself, once nothing is under way.</summary>
    event AsyncEventHandler<NatsLameDuckModeActivatedEventArgs>? LameDuckModeActivated;
#pragma warning restore MA0046

    /// <summary>What the server said of itself when it was last connected.</summary>
    INatsServerInfo? ServerInfo { get; }

    /// <summary>The options this connection was made with.</summary>
    NatsOpts Opts { get; }

    /// <summary>The state right now.</summary>
    NatsConnectionState ConnectionState { get; }

    /// <summary>Connects now instead of at the first use. Throws <see cref="NatsException"/> when no server can be reached or the credentials are refused.</summary>
    ValueTask ConnectAsync();

    /// <summary>The round trip to the server; when it returns, the server has processed everything sent before.</summary>
    ValueTask<TimeSpan> PingAsync(CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes; returns when the message is in the write buffer and the buffer is not over-full. While disconnected it waits for the connection.
    /// Throws <see cref="NatsPayloadTooLargeException"/> when the server would refuse the size.
    /// </summary>
    ValueTask PublishAsync<T>(
        string subject, T data, NatsHeaders? headers = default, string? replyTo = default, INatsSerialize<T>? serializer = default,
        NatsPubOpts? opts = default, CancellationToken cancellationToken = default);

    /// <summary>
    /// Subscribes at the first step of the enumeration and unsubscribes at its end. Survives reconnects. Cancellation ends it without an
    /// exception, after what has arrived.
    /// </summary>
    IAsyncEnumerable<NatsMsg<T>> SubscribeAsync<T>(
        string subject, string? queueGroup = default, INatsDeserialize<T>? serializer = default, NatsSubOpts? opts = default,
        CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes with a reply subject and waits for the first reply. Throws <see cref="NatsNoReplyException"/> after the timeout and
    /// <see cref="NatsNoRespondersException"/> at once when nobody listens.
    /// </summary>
    ValueTask<NatsMsg<TReply>> RequestAsync<TRequest, TReply>(
        string subject,
        TRequest? data,
        NatsHeaders? headers = default,
        INatsSerialize<TRequest>? requestSerializer = default,
        INatsDeserialize<TReply>? replySerializer = default,
        NatsPubOpts? requestOpts = default,
        NatsSubOpts? replyOpts = default,
        CancellationToken cancellationToken = default);

    /// <summary>Subscribes at once: messages published after this on the same connection will arrive. Cancellation ends the subscription.</summary>
    ValueTask<INatsSub<T>> SubscribeCoreAsync<T>(
        string subject, string? queueGroup = default, INatsDeserialize<T>? serializer = default, NatsSubOpts? opts = default,
        CancellationToken cancellationToken = default);
}

/// <summary>A subscription held by the caller; disposing it unsubscribes.</summary>
public interface INatsSub<T> : IAsyncDisposable
{
    /// <summary>The messages; completes when the subscription ends.</summary>
    ChannelReader<NatsMsg<T>> Msgs { get; }

    /// <summary>Ends the subscription; what has arrived can still be read.</summary>
    ValueTask UnsubscribeAsync();

    /// <summary>
    /// Ends the subscription when what the server has sent by now has arrived. Cancellation, or a lost connection, only shortens that wait. The
    /// connection stays open.
    /// </summary>
    ValueTask DrainAsync(CancellationToken cancellationToken = default);
}
