namespace Standins.NATS.Client.JetStream;

/// <summary>Something that happened to a running pull and is no error.</summary>
public interface INatsJSNotification
{
    /// <summary>What.</summary>
    string Name { get; }
}

/// <summary>Neither messages nor heartbeats for twice the heartbeat interval; the pull is issued again.</summary>
public record NatsJSTimeoutNotification : INatsJSNotification
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsJSTimeoutNotification Default = new();

    /// <inheritdoc />
    public string Name => "Timeout";
}

/// <summary>Nobody took a pull request.</summary>
public record NatsJSNoRespondersNotification : INatsJSNotification
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsJSNoRespondersNotification Default = new();

    /// <inheritdoc />
    public string Name => "No Responders";
}

/// <summary>The consumer moved to another server; the pull is issued again.</summary>
public record NatsJSLeadershipChangeNotification : INatsJSNotification
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsJSLeadershipChangeNotification Default = new();

    /// <inheritdoc />
    public string Name => "Leadership Change";
}

/// <summary>The next message is larger than what is left of <see cref="NatsJSConsumeOpts.MaxBytes"/>.</summary>
public record NatsJSMessageSizeExceedsMaxBytesNotification : INatsJSNotification
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsJSMessageSizeExceedsMaxBytesNotification Default = new();

    /// <inheritdoc />
    public string Name => "Message Size Exceeds MaxBytes";
}

/// <summary>The server sent a status this client does not know.</summary>
public record NatsJSProtocolNotification(string Name, int HeaderCode, string HeaderMessageText) : INatsJSNotification;
