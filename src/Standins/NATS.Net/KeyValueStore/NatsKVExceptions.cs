using Standins.NATS.Client.JetStream;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.KeyValueStore;

/// <summary>Base of what buckets throw on their own account.</summary>
public class NatsKVException(string message) : NatsJSException(message);

/// <summary>The key has no entry.</summary>
public class NatsKVKeyNotFoundException() : NatsKVException("Key not found");

/// <summary>The key was deleted.</summary>
public class NatsKVKeyDeletedException(ulong revision) : NatsKVException("Key was deleted")
{
    /// <summary>The revision of the deletion.</summary>
    public ulong Revision { get; } = revision;
}

/// <summary>The revision given is not the key's newest: nothing was written.</summary>
public class NatsKVWrongLastRevisionException(ApiError error) : NatsKVException("Wrong last revision")
{
    /// <summary>The server's answer; its description names the newest revision.</summary>
    public ApiError Error { get; } = error;
}

/// <summary>The key has a value already: nothing was written.</summary>
public class NatsKVCreateException() : NatsKVException("Can't create entry");
