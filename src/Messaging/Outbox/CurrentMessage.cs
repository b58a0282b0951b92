namespace Messaging;

/// <summary>The message that the scope is handling, so that what is sent meanwhile names its cause. Scoped; null outside of a receiver.</summary>
public sealed class CurrentMessage
{
    /// <summary>The message in hand, or null.</summary>
    public Message? Value { get; internal set; }
}
