using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Messaging;

/// <summary>Decides what becomes of a message whose handler failed: another attempt, later or at once, or none. Thread-safe.</summary>
internal sealed class FailureJudgement(ReceiverDefinition receiver, MessageCatalog catalog, FailureClassification failures)
{
    /// <summary>What the failure means; <see cref="FailureKind.Dependency"/> is not the message's affair at all.</summary>
    public FailureKind KindOf(Exception exception) => failures.Classify(exception);

    /// <summary>The message cannot be handled at all, or its policy grants no further attempt in place.</summary>
    /// <param name="message">The message.</param>
    /// <param name="exception">How it failed.</param>
    /// <param name="attempts">How often a handler had it, this time included.</param>
    public bool IsToBeParked(IncomingMessage message, Exception exception, int attempts) =>
        exception is UnhandleableMessageException || attempts > receiver.Options.PolicyFor(exception).AtOnce || IsUnreadable(message, out _);

    /// <summary>How it is parked.</summary>
    /// <param name="message">The message.</param>
    /// <param name="exception">How it failed.</param>
    /// <param name="attempts">How often a handler had it, this time included.</param>
    /// <param name="retries">How many of these since it was parked.</param>
    public Parking Park(IncomingMessage message, Exception exception, int attempts, int retries)
    {
        if (exception is UnhandleableMessageException)
            return new Parking(Dead: true, exception.Message, attempts);
        if (IsUnreadable(message, out var why))
            return new Parking(Dead: true, $"undecodable: {why}", attempts, exception.ToString());
        var root = exception.GetBaseException();
        var pause = receiver.Options.PolicyFor(exception).LaterPauseAfter(retries);
        return new Parking(Dead: pause is null, $"{root.GetType().Name}: {root.Message}", attempts, exception.ToString(), pause);
    }

    /// <summary>How long the message is left alone before it is tried again in place.</summary>
    public TimeSpan PauseBefore(int attempt, Exception exception) => receiver.Options.PolicyFor(exception).PauseBefore(attempt);

    /// <summary>
    /// Whether the body does not fit its type, so that no further attempt can help. Asked of the body, not of the exception: what a
    /// handler itself cannot read is the handler's affair.
    /// </summary>
    private bool IsUnreadable(IncomingMessage incoming, [NotNullWhen(true)] out string? why)
    {
        why = null;
        if (incoming.Message is not { } message || !catalog.TryFind(message.Type, out var definition))
            return false;
        try
        {
            JsonSerializer.Deserialize(message.Body.Span, definition.ClrType, MessageJson.Options);
            return false;
        }
#pragma warning disable CA1031 // Not only JSON can be broken: a contract may refuse its values, with whatever exception it likes.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            why = exception.Message;
            return true;
        }
    }
}
