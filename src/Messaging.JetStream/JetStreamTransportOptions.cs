namespace Messaging.JetStream;

/// <summary>
/// Settings of the JetStream transport, configuration section <c>Messaging:JetStream</c>. The defaults are the durable ones:
/// file storage, limits retention and an acknowledgement for every message are not up for choice.
/// </summary>
public sealed record JetStreamTransportOptions
{
    /// <summary>The configuration section: <c>Messaging:JetStream</c>.</summary>
    public const string Section = "Messaging:JetStream";

    /// <summary>Servers that keep each stream. Default 1; 3 on a cluster.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>How long messages are kept, consumed or not. Default 7 days, as on Kafka; zero: for ever.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How long a stream remembers message ids to drop duplicates. Default 2 min; longer than a publisher tries.</summary>
    public TimeSpan DuplicateWindow { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>The most messages of one publish call that may be unacknowledged at a time. Default 500.</summary>
    public int PublishWindow { get; init; } = 500;

    /// <summary>How long a publish call may take, reconnecting included. Default 30 s.</summary>
    public TimeSpan PublishTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How long to wait for the server's answer to one request or message. Default 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// After how long the server delivers an unacknowledged message again. Default 1 h, longer than any handler takes. Nothing
    /// rests on it: a batch is repeated from memory, a restart reads again from the settled position, and what the server
    /// repeats meanwhile is recognised by its sequence and dropped.
    /// </summary>
    public TimeSpan AckWait { get; init; } = TimeSpan.FromHours(1);

    /// <summary>PEM file of the authorities to trust with TLS, which is then required. Default: the machine's, and TLS where the server offers it.</summary>
    public string? TlsCaFile { get; init; }

    /// <summary>PEM file of this process's certificate, for servers that want one; with <see cref="TlsKeyFile"/>. Default: none.</summary>
    public string? TlsCertFile { get; init; }

    /// <summary>PEM file of the private key of <see cref="TlsCertFile"/>.</summary>
    public string? TlsKeyFile { get; init; }

    /// <summary>How long handlers may take to finish once the subscription stops. Default 20 s.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>
    /// How long a process owns a partition without renewing it. Default 3 s, renewed four times as often: a partition whose
    /// owner died is another's within five seconds. A process that is stopped or cut off for longer loses what it owns. 1 s to 10 min.
    /// </summary>
    public TimeSpan LeaseDuration { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// A name for this process among those of its group, if it keeps it over restarts: letters, digits, hyphens and underscores.
    /// Started again it takes over at once what it owned before. Default: none, and what a dead process owned is free after <see cref="LeaseDuration"/>.
    /// </summary>
    public string? InstanceId { get; init; }
}
