using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>How a <see cref="NatsJSContext"/> behaves.</summary>
public record NatsJSOpts
{
    /// <summary>With the connection's request timeout unless told otherwise.</summary>
    public NatsJSOpts(NatsOpts opts, TimeSpan? requestTimeout = default)
    {
        ArgumentNullException.ThrowIfNull(opts);
        RequestTimeout = requestTimeout ?? opts.RequestTimeout;
    }

    /// <summary>How long API calls and publishes wait for their answer.</summary>
    public TimeSpan RequestTimeout { get; }
}

/// <summary>How to consume.</summary>
public record NatsJSConsumeOpts
{
    /// <summary>The most messages asked for and not yet taken by the application. Must be set.</summary>
    public int? MaxMsgs { get; init; }

    /// <summary>How long one pull request waits, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that a pull request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }

    /// <summary>After this many "503 no responders" in a row consuming fails; -1 for never. Default 10.</summary>
    public int MaxConsecutive503Errors { get; init; } = 10;
}

/// <summary>How to fetch one batch.</summary>
public record NatsJSFetchOpts
{
    /// <summary>The most messages in the batch. Must be set.</summary>
    public int? MaxMsgs { get; init; }

    /// <summary>How long to wait for a full batch, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that the request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }
}

/// <summary>How to get the next message.</summary>
public record NatsJSNextOpts
{
    /// <summary>How long to wait, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that the request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }
}

/// <summary>What a publish expects of the stream; each member becomes a header.</summary>
public record NatsJSPubOpts : NatsPubOpts
{
    /// <summary>The message's id: a second one with the same id within the stream's duplicate window is not stored.</summary>
    public string? MsgId { get; init; }

    /// <summary>The id the stream's last message must have.</summary>
    public string? ExpectedLastMsgId { get; init; }

    /// <summary>The stream that must take the message.</summary>
    public string? ExpectedStream { get; init; }

    /// <summary>The sequence the stream's last message must have.</summary>
    public ulong? ExpectedLastSequence { get; init; }

    /// <summary>The sequence the subject's last message must have; 0 for none.</summary>
    public ulong? ExpectedLastSubjectSequence { get; init; }
}

/// <summary>How to acknowledge.</summary>
public readonly record struct AckOpts
{
    /// <summary>Wait until the server has confirmed. Default false.</summary>
    public bool? DoubleAck { get; init; }

    /// <summary>With a negative acknowledgement: deliver again after this time instead of at once.</summary>
    public TimeSpan? NakDelay { get; init; }
}
