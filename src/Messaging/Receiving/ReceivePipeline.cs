using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Handles the batches of one consumer group: one batch, one scope, one transaction. Inbox, handlers in order, outbox, commit;
/// the transport settles afterwards. When a batch fails it is rolled back and replayed message by message, so that one bad
/// message costs itself and its key only. Thread-safe: partitions call side by side.
/// </summary>
internal sealed partial class ReceivePipeline(
    ReceiverDefinition receiver,
    HandlerDispatcher dispatcher,
    MessageCatalog catalog,
    FailureClassification failures,
    IServiceScopeFactory scopes,
    ReceiveMetrics metrics,
    TimeProvider time,
    ILogger<ReceivePipeline> logger)
{
    /// <summary>Handles a batch of one partition. Throws when something everybody needs is down: the transport then pauses and hands it over again.</summary>
    public async Task HandleAsync(PartitionBatch batch, CancellationToken cancellationToken)
    {
        var messages = new IncomingMessage[batch.Deliveries.Count];
        for (var i = 0; i < messages.Length; i++)
            messages[i] = IncomingMessage.From(batch.Deliveries[i]);

        if (messages.Length > 1)
        {
            try
            {
                await HandleInOneTransactionAsync(messages, cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOfAMessage(exception, cancellationToken))
            {
                LogReplaying(receiver.Group, batch.Topic, batch.Partition, messages.Length, exception.GetBaseException().Message);
            }
        }

        foreach (var message in messages)
            await HandleAloneAsync(message, cancellationToken);
    }

    private bool IsOfAMessage(Exception exception, CancellationToken cancellationToken) =>
        !cancellationToken.IsCancellationRequested && failures.Classify(exception) is not FailureKind.Dependency;

    private async Task HandleAloneAsync(IncomingMessage message, CancellationToken cancellationToken)
    {
        var attempts = 0;
        var races = 0;
        while (true)
        {
            try
            {
                await HandleInOneTransactionAsync([message], cancellationToken);
                return;
            }
            catch (Exception exception) when (IsOfAMessage(exception, cancellationToken))
            {
                var kind = failures.Classify(exception);
                metrics.Retried(receiver.Group, kind);
                if (kind is FailureKind.Concurrency && races++ < receiver.Options.ConcurrencyRetries)
                {
                    await PauseAsync(Math.Min(races, 4), cancellationToken);
                    continue;
                }

                attempts++;
                var unreadable = IsUnreadable(message, out var why);
                if (unreadable || attempts >= receiver.Options.Attempts)
                {
                    var root = exception.GetBaseException();
                    var cause = unreadable ? $"undecodable: {why}" : $"{root.GetType().Name}: {root.Message}";
                    await ParkDeadAsync(message, new Parking(Dead: true, cause, attempts, exception.ToString()), cancellationToken);
                    return;
                }

                LogRetrying(receiver.Group, message.Id, attempts, receiver.Options.Attempts, exception.GetBaseException().Message);
                await PauseAsync(attempts, cancellationToken);
            }
        }
    }

    private async Task HandleInOneTransactionAsync(IncomingMessage[] messages, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        var current = scope.ServiceProvider.GetRequiredService<CurrentMessage>();
        var admissions = await store.AdmitAsync(receiver.Group, messages, cancellationToken);
        var outcome = new BatchOutcome();
        for (var i = 0; i < messages.Length; i++)
        {
            current.Value = messages[i].Message;
            await HandleOneAsync(messages[i], admissions[i], scope, store, outcome, cancellationToken);
        }

        current.Value = null;
        await store.CommitAsync(cancellationToken);
        Report(outcome, time.GetElapsedTime(started));
    }

    private async Task HandleOneAsync(
        IncomingMessage incoming, Admission admission, AsyncServiceScope scope, IReceiveStore store, BatchOutcome outcome, CancellationToken cancellationToken)
    {
        if (admission is Admission.Duplicate)
        {
            outcome.Duplicates++;
        }
        else if (FindHindrance(incoming, admission, outcome) is { } parking)
        {
            await store.ParkAsync(receiver.Group, incoming, parking, cancellationToken);
            outcome.Parked.Add((incoming, parking));
            if (incoming.Key.Length > 0)
                outcome.ParkedKeys.Add(incoming.Key);
        }
        else if (incoming.Message is { } message && catalog.TryFind(message.Type, out var definition) && dispatcher.Handles(definition.ClrType))
        {
            using var activity = MessagingDiagnostics.StartReceive(message, receiver.Group, incoming.Delivery);
            using var log = logger.BeginScope(new MessageLogScope(message));
            await dispatcher.DispatchAsync(message, definition, scope, cancellationToken);
            outcome.Handled.Add(message);
        }
    }

    /// <summary>What keeps a message from its handler; null when nothing does.</summary>
    private Parking? FindHindrance(IncomingMessage incoming, Admission admission, BatchOutcome outcome)
    {
        if (admission is Admission.ParkBehind || outcome.ParkedKeys.Contains(incoming.Key))
            return new Parking(Dead: false, "waits behind an earlier message of its key", Attempts: 0);
        var cause = incoming.Message is not { } message ? $"undecodable: {incoming.Fault}"
            : !catalog.TryFind(message.Type, out _) ? $"unknown type '{message.Type}'"
            : !IsJsonObject(message.Body.Span) ? "undecodable: the body is not a JSON object"
            : null;
        return cause is null ? null : new Parking(Dead: true, cause, Attempts: 0);
    }

    /// <summary>Parks in a transaction of its own: the one the handler failed in is gone. The inbox takes part, for the message may have been parked before.</summary>
    private async Task ParkDeadAsync(IncomingMessage message, Parking parking, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        var admission = (await store.AdmitAsync(receiver.Group, [message], cancellationToken))[0];
        if (admission is Admission.Duplicate)
            return;
        await store.ParkAsync(receiver.Group, message, parking, cancellationToken);
        await store.CommitAsync(cancellationToken);
        var outcome = new BatchOutcome();
        outcome.Parked.Add((message, parking));
        Report(outcome, TimeSpan.Zero);
    }

    private void Report(BatchOutcome outcome, TimeSpan duration)
    {
        var now = time.GetUtcNow();
        foreach (var message in outcome.Handled)
            metrics.Handled(receiver.Group, message.Type, now - message.Time);
        for (var i = 0; i < outcome.Duplicates; i++)
            metrics.Duplicate(receiver.Group);
        foreach (var (message, parking) in outcome.Parked)
        {
            metrics.Parked(receiver.Group, parking.Dead);
            LogParked(receiver.Group, message.Id, message.Key, parking.Dead ? "dead" : "parked", parking.Cause);
        }

        if (outcome.Handled.Count > 0)
            metrics.BatchCommitted(receiver.Group, duration);
    }

    private async Task PauseAsync(int attempt, CancellationToken cancellationToken)
    {
        var full = receiver.Options.RetryPause * Math.Pow(2, attempt - 1);
        await Task.Delay(full * (0.5 + (Random.Shared.NextDouble() / 2)), time, cancellationToken);
    }

    private static bool IsJsonObject(ReadOnlySpan<byte> body) => body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

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
        catch (JsonException exception)
        {
            why = exception.Message;
            return true;
        }
    }

    private sealed class BatchOutcome
    {
        public List<Message> Handled { get; } = [];

        public List<(IncomingMessage Message, Parking Parking)> Parked { get; } = [];

        public HashSet<string> ParkedKeys { get; } = new(StringComparer.Ordinal);

        public int Duplicates { get; set; }
    }

    [LoggerMessage(LogLevel.Information, "{Group}: a batch of {Count} from {Topic}/{Partition} failed and is replayed one by one: {Cause}")]
    private partial void LogReplaying(string group, string topic, int partition, int count, string cause);

    [LoggerMessage(LogLevel.Warning, "{Group}: message {MessageId} failed at attempt {Attempt} of {Attempts}: {Cause}")]
    private partial void LogRetrying(string group, string messageId, int attempt, int attempts, string cause);

    [LoggerMessage(LogLevel.Error, "{Group}: message {MessageId} of key {Key} is {State}: {Cause}")]
    private partial void LogParked(string group, string messageId, string key, string state, string cause);
}
