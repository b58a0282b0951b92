namespace Messaging;

/// <summary>What request-reply adds to the envelope, the same on every transport.</summary>
internal static class ReplyProtocol
{
    /// <summary>The extension of a reply that stands for a failure: the cause's message.</summary>
    public const string FailureAttribute = "requestfailure";

    /// <summary>The type of a reply that stands for a failure.</summary>
    public const string FailureType = "messaging.request-failed.v1";

    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(50);

    /// <summary>
    /// Until when a request may be executed: a little earlier than the asker gives up, because clocks and timers are not exact, and what
    /// he gave up must not be executed.
    /// </summary>
    public static DateTimeOffset DeadlineOf(TimeSpan timeout, TimeProvider time) =>
        time.GetUtcNow() + timeout - (Margin < timeout / 10 ? Margin : timeout / 10);

    /// <summary>
    /// Calls the handler. What it throws becomes a reply, too; only the cancellation of <paramref name="cancellationToken"/>
    /// goes through, because then nobody is there to answer.
    /// </summary>
    public static async Task<Message> AnswerAsync(RequestHandler handler, Message request, TimeProvider time, CancellationToken cancellationToken)
    {
        try
        {
            return await handler(request, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            throw;
        }
#pragma warning disable CA1031 // The asker is told, whatever it was.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return Failure(request, exception.Message, time);
        }
    }

    /// <summary>The reply that says that a request failed.</summary>
    public static Message Failure(Message request, string failure, TimeProvider time) => new()
    {
        Id = Message.NewId(),
        Type = FailureType,
        Source = request.Source,
        Time = time.GetUtcNow(),
        PartitionKey = request.PartitionKey,
        CorrelationId = request.CorrelationId,
        CausationId = request.Id,
        Body = default,
        Extensions = new Dictionary<string, string>(StringComparer.Ordinal) { [FailureAttribute] = failure },
    };

    /// <summary>The reply, unless it stands for a failure.</summary>
    /// <exception cref="RequestFailedException">It does.</exception>
    public static Message Read(string address, Message reply) => reply.Extensions.TryGetValue(FailureAttribute, out var failure)
        ? throw new RequestFailedException(address, failure)
        : reply;
}
