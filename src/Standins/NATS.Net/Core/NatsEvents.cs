namespace Standins.NATS.Client.Core;

/// <summary>A handler whose work is awaited; handlers of one connection run one after the other.</summary>
public delegate ValueTask AsyncEventHandler<in TEventArgs>(object? sender, TEventArgs args);

/// <summary>What a connection tells about itself.</summary>
public class NatsEventArgs(string message) : EventArgs
{
    /// <summary>One line for a log.</summary>
    public string Message { get; } = message;
}

/// <summary>A full core subscription dropped a message.</summary>
public sealed class NatsMessageDroppedEventArgs(int pending, string subject) : NatsEventArgs($"Dropped message from {subject} with {pending} pending messages")
{
    /// <summary>How many messages the subscription held.</summary>
    public int Pending { get; } = pending;

    /// <summary>The subject of the dropped message.</summary>
    public string Subject { get; } = subject;
}

/// <summary>The server is about to shut down.</summary>
public sealed class NatsLameDuckModeActivatedEventArgs(Uri uri) : NatsEventArgs("Lame duck mode activated")
{
    /// <summary>The server.</summary>
    public Uri Uri { get; } = uri;
}

/// <summary>The server sent <c>-ERR</c> on an open connection, for instance a permissions violation.</summary>
public sealed class NatsServerErrorEventArgs(string error) : NatsEventArgs($"Server error {error}")
{
    /// <summary>The server's text.</summary>
    public string Error { get; } = error;
}

/// <summary>Where a connection is in its life.</summary>
public enum NatsConnectionState
{
    /// <summary>Never connected, or disposed.</summary>
    Closed,

    /// <summary>Connected.</summary>
    Open,

    /// <summary>Connecting for the first time.</summary>
    Connecting,

    /// <summary>Connection lost, trying to get it back.</summary>
    Reconnecting,

    /// <summary>Gave up.</summary>
    Failed,
}
