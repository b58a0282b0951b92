using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Handles messages of one group in one scope and one transaction: inbox or parked messages first, then the handlers in order, what
/// is parked, the outbox, the commit. When it throws, nothing of it has happened. Thread-safe.
/// </summary>
internal sealed partial class BatchTransaction(
    ReceiverDefinition receiver,
    HandlerDispatcher dispatcher,
    MessageCatalog catalog,
    MessageSource source,
    IServiceScopeFactory scopes,
    ReceiveMetrics metrics,
    TimeProvider time,
    ILogger<BatchTransaction> logger)
{
    /// <summary>Handles what arrived.</summary>
    /// <param name="messages">Messages of one partition, in order.</param>
    /// <param name="progress">Tells, when it throws, which message a handler had.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task ReceiveAsync(IReadOnlyList<IncomingMessage> messages, BatchProgress progress, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        var outcome = new BatchOutcome(time);
        var admissions = await store.AdmitAsync(receiver.Group, messages, cancellationToken);
        await HandleAsync(scope, messages, admissions, progress, outcome, cancellationToken);
        await CommitAsync(scope, store, outcome, cancellationToken);
        Report(outcome);
    }

    /// <summary>Handles parked messages whose turn has come. False when somebody else did so meanwhile.</summary>
    public async Task<bool> RetryAsync(IReadOnlyList<RetriedMessage> retried, BatchProgress progress, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        var outcome = new BatchOutcome(time);
        if (!await store.TakeUpAsync(retried, cancellationToken))
            return false;
        var messages = retried.Select(each => each.Message).ToArray();
        var admissions = Enumerable.Repeat(Admission.Retry, messages.Length).ToArray();
        await HandleAsync(scope, messages, admissions, progress, outcome, cancellationToken);
        await CommitAsync(scope, store, outcome, cancellationToken);
        Report(outcome);
        return true;
    }

    /// <summary>Parks what arrived, alone: the transaction its handler failed in is gone. The inbox takes part, for it may be parked already.</summary>
    public async Task ParkAsync(IncomingMessage message, Parking parking, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        if ((await store.AdmitAsync(receiver.Group, [message], cancellationToken))[0] is Admission.Duplicate)
            return;
        var outcome = new BatchOutcome(time);
        outcome.Park(message, parking);
        await CommitAsync(scope, store, outcome, cancellationToken);
        Report(outcome);
    }

    /// <summary>Notes that a parked message failed again. False when it is no longer there.</summary>
    public async Task<bool> ParkAgainAsync(RetriedMessage retried, Parking parking, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        if (!await store.ParkAgainAsync(retried, parking, cancellationToken))
            return false;
        AddCopyIfDead(scope, retried.Message, parking);
        await store.CommitAsync(cancellationToken);
        Report(retried.Message, parking);
        return true;
    }

    private async Task HandleAsync(
        AsyncServiceScope scope, IReadOnlyList<IncomingMessage> messages, IReadOnlyList<Admission> admissions, BatchProgress progress,
        BatchOutcome outcome, CancellationToken cancellationToken)
    {
        var current = scope.ServiceProvider.GetRequiredService<CurrentMessage>();
        for (var i = 0; i < messages.Count; i++)
        {
            progress.Handling(i);
            current.Value = messages[i].Message;
            await HandleOneAsync(messages[i], admissions[i], scope, outcome, cancellationToken);
        }

        current.Value = null;
        progress.AllHandled();
    }

    private async Task HandleOneAsync(
        IncomingMessage incoming, Admission admission, AsyncServiceScope scope, BatchOutcome outcome, CancellationToken cancellationToken)
    {
        if (admission is Admission.Duplicate)
        {
            outcome.Duplicates++;
        }
        else if (admission is Admission.ParkBehind || outcome.Blocks(incoming.Key))
        {
            outcome.Park(incoming, new Parking(Dead: false, "waits behind an earlier message of its key", Attempts: 0));
        }
        else if (FindHindrance(incoming) is { } cause)
        {
            if (admission is Admission.Retry)
                throw new UnhandleableMessageException(cause); // It has a place in its queue, and keeps it.
            outcome.Park(incoming, new Parking(Dead: true, cause, Attempts: 0));
        }
        else if (incoming.Message is { } message && catalog.TryFind(message.Type, out var definition) && dispatcher.Handles(definition.ClrType))
        {
            using var activity = MessagingDiagnostics.StartReceive(message, receiver.Group, incoming.Delivery);
            using var log = logger.BeginScope(new MessageLogScope(message));
            var began = time.GetTimestamp();
            await dispatcher.DispatchAsync(message, definition, scope, cancellationToken);
            outcome.Handled.Add(new HandledMessage(message, began, time.GetTimestamp()));
        }
    }

    /// <summary>What keeps a message from its handler for good; null when nothing does.</summary>
    private string? FindHindrance(IncomingMessage incoming) =>
        incoming.Message is not { } message ? $"undecodable: {incoming.Fault}"
        : !catalog.TryFind(message.Type, out _) ? $"unknown type '{message.Type}'"
        : !IsJsonObject(message.Body.Span) ? "undecodable: the body is not a JSON object"
        : null;

    private async Task CommitAsync(AsyncServiceScope scope, IReceiveStore store, BatchOutcome outcome, CancellationToken cancellationToken)
    {
        if (outcome.Parked.Count > 0)
            await store.ParkAsync(receiver.Group, outcome.Parked, cancellationToken);
        foreach (var (message, parking) in outcome.Parked)
            AddCopyIfDead(scope, message, parking);
        outcome.CommitBegins();
        await store.CommitAsync(cancellationToken);
    }

    private void AddCopyIfDead(AsyncServiceScope scope, IncomingMessage message, Parking parking)
    {
        if (parking.Dead)
            scope.ServiceProvider.GetRequiredService<Outbox>().Add(new OutboxEntry(DeadLetters.CopyOf(message, receiver.Group, parking, source, time.GetUtcNow())));
    }

    private void Report(BatchOutcome outcome)
    {
        var times = outcome.CommitEnds();
        foreach (var message in outcome.Handled)
            metrics.Handled(receiver.Group, message, times, time);
        for (var i = 0; i < outcome.Duplicates; i++)
            metrics.Duplicate(receiver.Group);
        foreach (var (message, parking) in outcome.Parked)
            Report(message, parking);
        if (outcome.Handled.Count > 0)
            metrics.BatchCommitted(receiver.Group, time.GetElapsedTime(times.Taken, times.Committed));
    }

    private void Report(IncomingMessage message, Parking parking)
    {
        metrics.Parked(receiver.Group, parking.Dead);
        if (parking.Dead)
            LogDead(receiver.Group, message.Id, message.Key, parking.Attempts, parking.Cause);
        else if (parking.RetryIn is { } retryIn)
            LogParked(receiver.Group, message.Id, message.Key, retryIn, parking.Cause);
        else
            LogParkedBehind(receiver.Group, message.Id, message.Key);
    }

    private static bool IsJsonObject(ReadOnlySpan<byte> body) => body.TrimStart(" \t\r\n"u8) is [(byte)'{', ..];

    /// <summary>What becomes of a batch when it is committed.</summary>
    private sealed class BatchOutcome(TimeProvider time)
    {
        private readonly HashSet<string> _parkedKeys = new(StringComparer.Ordinal);
        private readonly DateTimeOffset _takenAt = time.GetUtcNow();
        private readonly long _taken = time.GetTimestamp();
        private long _commitBegan;

        public List<HandledMessage> Handled { get; } = [];

        public List<(IncomingMessage Message, Parking Parking)> Parked { get; } = [];

        public int Duplicates { get; set; }

        public void Park(IncomingMessage message, Parking parking)
        {
            Parked.Add((message, parking));
            if (message.Key.Length > 0)
                _parkedKeys.Add(message.Key);
        }

        public bool Blocks(string key) => _parkedKeys.Contains(key);

        public void CommitBegins() => _commitBegan = time.GetTimestamp();

        public BatchTimes CommitEnds() => new(_takenAt, _taken, _commitBegan, time.GetTimestamp());
    }

    [LoggerMessage(LogLevel.Error, "{Group}: message {MessageId} of key {Key} is dead after {Attempts} attempts: {Cause}")]
    private partial void LogDead(string group, string messageId, string key, int attempts, string cause);

    [LoggerMessage(LogLevel.Warning, "{Group}: message {MessageId} of key {Key} is parked, next attempt in {RetryIn}: {Cause}")]
    private partial void LogParked(string group, string messageId, string key, TimeSpan retryIn, string cause);

    [LoggerMessage(LogLevel.Information, "{Group}: message {MessageId} is parked behind an earlier one of key {Key}")]
    private partial void LogParkedBehind(string group, string messageId, string key);
}

/// <summary>A message that no attempt can help: it cannot be read, or nobody knows its type.</summary>
internal sealed class UnhandleableMessageException(string cause) : Exception(cause);

/// <summary>How far a batch came. Not thread-safe.</summary>
internal sealed class BatchProgress
{
    /// <summary>The message that a handler had, by its index in the batch; null: no single one.</summary>
    public int? InHand { get; private set; }

    public void Handling(int index) => InHand = index;

    public void AllHandled() => InHand = null;
}
