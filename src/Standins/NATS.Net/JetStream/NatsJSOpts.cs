using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>How a <see cref="NatsJSContext"/> behaves.</summary>
public record NatsJSOpts
{
    /// <summary>With the connection's request timeout unless told otherwise. Throws <see cref="NatsJSException"/> when both prefix and domain are given.</summary>
    public NatsJSOpts(NatsOpts opts, string? apiPrefix = default, string? domain = default, TimeSpan? requestTimeout = default)
    {
        ArgumentNullException.ThrowIfNull(opts);
        if (apiPrefix is not null && domain is not null)
            throw new NatsJSException("Cannot specify both ApiPrefix and Domain.");

        ApiPrefix = apiPrefix ?? "$JS.API";
        Domain = domain;
        RequestTimeout = requestTimeout ?? opts.RequestTimeout;
    }

    /// <summary>The prefix in use.</summary>
    public string Prefix => string.IsNullOrEmpty(Domain) ? ApiPrefix : $"$JS.{Domain}.API";

    /// <summary>The prefix of API subjects. Default <c>$JS.API</c>.</summary>
    public string ApiPrefix { get; }

    /// <summary>The JetStream domain, if any.</summary>
    public string? Domain { get; }

    /// <summary>How long API calls and publishes wait for their answer.</summary>
    public TimeSpan RequestTimeout { get; }

    /// <summary>Whether acknowledgements wait for the server's confirmation unless the call says otherwise. Default false.</summary>
    public bool DoubleAck { get; init; }

    /// <summary>For <see cref="INatsJSConsumer.ConsumeAsync{T}"/> without options: 1,000 messages.</summary>
    public NatsJSConsumeOpts DefaultConsumeOpts { get; init; } = new() { MaxMsgs = 1000 };

    /// <summary>For <see cref="INatsJSConsumer.NextAsync{T}"/> without options.</summary>
    public NatsJSNextOpts DefaultNextOpts { get; init; } = new();
}

/// <summary>How to consume. Set exactly one of <see cref="MaxMsgs"/> and <see cref="MaxBytes"/>.</summary>
public record NatsJSConsumeOpts
{
    /// <summary>The most messages asked for and not yet taken by the application.</summary>
    public int? MaxMsgs { get; init; }

    /// <summary>The same limit in bytes.</summary>
    public int? MaxBytes { get; init; }

    /// <summary>How long one pull request waits, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that a pull request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }

    /// <summary>Pull more when no more than this many messages are left. Default half of <see cref="MaxMsgs"/>.</summary>
    public int? ThresholdMsgs { get; init; }

    /// <summary>The same in bytes. Default half of <see cref="MaxBytes"/>.</summary>
    public int? ThresholdBytes { get; init; }

    /// <summary>Told about missing heartbeats and the like; awaited one at a time.</summary>
    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }

    /// <summary>After this many "503 no responders" in a row consuming fails; -1 for never. Default 10.</summary>
    public int MaxConsecutive503Errors { get; init; } = 10;

    /// <summary>On cancellation deliver what has arrived before ending. Default false: it comes back after the consumer's AckWait.</summary>
    public bool DrainOnCancel { get; init; }
}

/// <summary>How to fetch one batch. Set exactly one of <see cref="MaxMsgs"/> and <see cref="MaxBytes"/>.</summary>
public record NatsJSFetchOpts
{
    /// <summary>The most messages in the batch.</summary>
    public int? MaxMsgs { get; init; }

    /// <summary>The most bytes in the batch.</summary>
    public int? MaxBytes { get; init; }

    /// <summary>How long to wait for a full batch, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that the request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }

    /// <summary>Told about missing heartbeats and the like.</summary>
    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }
}

/// <summary>How to get the next message.</summary>
public record NatsJSNextOpts
{
    /// <summary>How long to wait, at least one second. Default 30 s.</summary>
    public TimeSpan? Expires { get; init; }

    /// <summary>How often the server proves that the request is alive: 0.5 to 30 s. Default half of <see cref="Expires"/>.</summary>
    public TimeSpan? IdleHeartbeat { get; init; }

    /// <summary>Told about missing heartbeats and the like.</summary>
    public Func<INatsJSNotification, CancellationToken, Task>? NotificationHandler { get; init; }
}

/// <summary>What a publish expects of the stream; each member becomes a header.</summary>
public record NatsJSPubOpts : NatsPubOpts
{
    /// <summary>No expectations.</summary>
    public static readonly NatsJSPubOpts Default = new();

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

    /// <summary>How often to try when nobody listens on the subject. Default 1: no second try.</summary>
    public int RetryAttempts { get; init; } = 1;

    /// <summary>The wait between tries. Default 250 ms.</summary>
    public TimeSpan RetryWaitBetweenAttempts { get; init; } = TimeSpan.FromMilliseconds(250);
}

/// <summary>How to acknowledge.</summary>
public readonly record struct AckOpts
{
    /// <summary>Wait until the server has confirmed. Default: as <see cref="NatsJSOpts.DoubleAck"/>.</summary>
    public bool? DoubleAck { get; init; }

    /// <summary>With a negative acknowledgement: deliver again after this time instead of at once.</summary>
    public TimeSpan? NakDelay { get; init; }

    /// <summary>With a termination: why. Needs nats-server 2.10.4; an older one does not recognise the termination at all.</summary>
    public string? TerminateReason { get; init; }
}
