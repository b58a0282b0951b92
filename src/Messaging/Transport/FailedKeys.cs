using System.Diagnostics.CodeAnalysis;

namespace Messaging;

/// <summary>The keys of a batch that a message has failed in, so that none behind it overtakes it. Not thread-safe.</summary>
internal sealed class FailedKeys
{
    private readonly Dictionary<(string Topic, string Key), string> _failed = [];

    /// <summary>The message was not published.</summary>
    public void Add(OutgoingMessage message) => _failed.TryAdd((message.Topic, message.Message.PartitionKey), message.Message.Id);

    /// <summary>True when an earlier message of the key failed: this one must not be published, for the cause given.</summary>
    public bool HoldsBack(OutgoingMessage message, [NotNullWhen(true)] out PrecedingMessageFailedException? cause)
    {
        cause = _failed.Count > 0 && _failed.TryGetValue((message.Topic, message.Message.PartitionKey), out var failedId)
            ? new PrecedingMessageFailedException(message.Message.Id, failedId)
            : null;
        return cause is not null;
    }
}
