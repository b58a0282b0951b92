using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Standins.NATS.Client.Core;

/// <summary>How a <see cref="NatsConnection"/> behaves. Immutable: make variants with <c>with</c>.</summary>
public sealed record NatsOpts
{
    /// <summary>All defaults.</summary>
    public static readonly NatsOpts Default = new();

    /// <summary>One server or a comma-separated list, each <c>[nats://|tls://][user:password@|token@]host[:port]</c>. Default <c>nats://localhost:4222</c>.</summary>
    public string Url { get; init; } = "nats://localhost:4222";

    /// <summary>The name the server shows for this connection.</summary>
    public string Name { get; init; } = "NATS .NET Client";

    /// <summary>User and password, or token. Takes precedence over what <see cref="Url"/> says.</summary>
    public NatsAuthOpts AuthOpts { get; init; } = NatsAuthOpts.Default;

    /// <summary>Encryption. Default: when the server offers it.</summary>
    public NatsTlsOpts TlsOpts { get; init; } = NatsTlsOpts.Default;

    /// <summary>Where serializers come from when a call names none. Default: bytes, strings and UTF-8 primitives.</summary>
    public INatsSerializerRegistry SerializerRegistry { get; init; } = NatsDefaultSerializerRegistry.Default;

    /// <summary>Where the connection logs to. Default: nowhere.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>The largest incoming message (headers and payload) accepted; a larger one is a protocol violation. Default 64 MiB.</summary>
    public int MaxPayloadHardCap { get; init; } = 64 * 1024 * 1024;

    /// <summary>Try the servers in the order given instead of a random one. Default false.</summary>
    public bool NoRandomize { get; init; }

    /// <summary>How often an idle connection is probed. Default two minutes.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The first wait between two rounds of reconnect attempts; doubles up to <see cref="ReconnectWaitMax"/>. Default two seconds.</summary>
    public TimeSpan ReconnectWaitMin { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest wait between reconnect attempts. Default five seconds.</summary>
    public TimeSpan ReconnectWaitMax { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The largest random addition to a reconnect wait. Default 100 ms.</summary>
    public TimeSpan ReconnectJitter { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Reconnect attempts before the connection is <see cref="NatsConnectionState.Failed"/>; negative means no limit. Default -1.</summary>
    public int MaxReconnectRetry { get; init; } = -1;

    /// <summary>Keep reconnecting although the server refused the same credentials twice. Default false.</summary>
    public bool IgnoreAuthErrorAbort { get; init; }

    /// <summary>Treat a failing first connect like a lost connection instead of throwing from <see cref="NatsConnection.ConnectAsync"/>. Default false.</summary>
    public bool RetryOnInitialConnect { get; init; }

    /// <summary>How long one attempt may take, from the TCP handshake to the server's answer to CONNECT. Default two seconds.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long a request waits for its reply once it is sent. Default five seconds.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long disposing and leaving wait for the server to confirm what was sent. Default five seconds.</summary>
    public TimeSpan CommandTimeout { get; init; } = TimeSpan.FromSeconds(5);

}

/// <summary>Credentials: user and password, or a token.</summary>
public sealed record NatsAuthOpts
{
    /// <summary>No credentials.</summary>
    public static readonly NatsAuthOpts Default = new();

    /// <summary>The user's name.</summary>
    public string? Username { get; init; }

    /// <summary>The user's password.</summary>
    public string? Password { get; init; }

    /// <summary>A token, for servers that use one instead of users.</summary>
    public string? Token { get; init; }

    /// <summary>Whether no credentials are given.</summary>
    public bool IsAnonymous => string.IsNullOrEmpty(Username) && string.IsNullOrEmpty(Password) && string.IsNullOrEmpty(Token);

    // A record prints its members: keep secrets out of logs.
    private bool PrintMembers(StringBuilder builder)
    {
        builder.Append("Username = ").Append(Username);
        return true;
    }
}

/// <summary>Options of a publish. Carries none of its own; JetStream adds some.</summary>
public record NatsPubOpts;

/// <summary>Options of a subscription or of the reply side of a request.</summary>
public record NatsSubOpts
{
    /// <summary>For a request: how long to wait for the reply. Default <see cref="NatsOpts.RequestTimeout"/>.</summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>Throw <see cref="NatsNoRespondersException"/> when nobody listens (default), or return the empty reply.</summary>
    public bool? ThrowIfNoResponders { get; init; }

    /// <summary>Size and overflow behaviour of the buffer.</summary>
    public NatsSubChannelOpts? ChannelOpts { get; init; }
}

/// <summary>The buffer of one subscription.</summary>
public record NatsSubChannelOpts
{
    /// <summary>What happens when it is full. Default: the newest message it holds is dropped for the next, and <see cref="INatsConnection.MessageDropped"/> raised.</summary>
    public BoundedChannelFullMode? FullMode { get; init; }

    /// <summary>How many messages it holds. Default 16,384.</summary>
    public int? Capacity { get; init; }
}
