using Microsoft.Extensions.Logging;

namespace Messaging.Kafka;

/// <summary>
/// Request-reply over two topics of an address: requests are consumed by the service's group; replies go to the partition of the
/// asking instance, which reads it from the end and picks its own by the request's id. Thread-safe.
/// </summary>
internal sealed partial class KafkaRequests(KafkaTransport transport, KafkaTopics topics, TimeProvider time, ILogger logger) : IAsyncDisposable
{
    // Nobody reads a request or a reply again; Kafka keeps them this long.
    private static readonly Dictionary<string, string> Short = new(StringComparer.Ordinal) { ["retention.ms"] = "3600000" };

    private readonly string _instance = Guid.NewGuid().ToString("N");
    private readonly CancellationTokenSource _closing = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Task<KafkaReplies>> _replies = new(StringComparer.Ordinal);

    public async Task<Message> AskAsync(string address, Message request, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var sent = RequestEnvelope.Of(request, _instance, ReplyProtocol.DeadlineOf(timeout, time));
        try
        {
            var replies = await RepliesOf(address).WaitAsync(waiting.Token);
            using var expected = replies.Expect(sent);
            await PublishAsync(RequestsOf(address), sent, waiting.Token);
            return ReplyProtocol.Read(address, await expected.Reply.WaitAsync(waiting.Token));
        }
        catch (OperationCanceledException exception) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RequestTimeoutException(address, timeout, exception);
        }
    }

    public async Task AnswerAsync(Responder responder, RequestHandler handler, CancellationToken stopping, CancellationToken aborting)
    {
        await topics.EnsureOwnAsync(new TopicDefinition(RequestsOf(responder.Address)), Short, stopping);
        await topics.EnsureOwnAsync(new TopicDefinition(RepliesTopicOf(responder.Address)), Short, stopping);
        using var slots = new SemaphoreSlim(responder.Concurrency);
        var subscription = new Subscription(RequestsOf(responder.Address), $"{responder.Address}.{responder.Service}")
        {
            Mode = DeliveryMode.AtMostOnce, // A crash loses what was in hand, and the asker's timeout tells him; nothing is executed twice.
        };
        await transport.ConsumeAsync(subscription, TakeAsync, stopping);
        for (var i = 0; i < responder.Concurrency; i++)
            await slots.WaitAsync(CancellationToken.None);

        async Task TakeAsync(PartitionBatch batch, CancellationToken lost)
        {
            foreach (var delivery in batch.Deliveries)
            {
                await slots.WaitAsync(lost);
                _ = ExecuteAsync(delivery);
            }
        }

        async Task ExecuteAsync(Delivery delivery)
        {
            try
            {
                await ExecuteOneAsync(responder, handler, delivery, aborting);
            }
#pragma warning disable CA1031 // Nobody awaits it; the asker runs into his timeout.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotAnswered(exception, responder.Address, delivery.Position);
            }
            finally
            {
                slots.Release();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        Task<KafkaReplies>[] replies;
        lock (_lock)
            replies = [.. _replies.Values];
        foreach (var reading in replies)
        {
            if (reading.IsCompletedSuccessfully)
                await (await reading).Completion;
        }

        _closing.Dispose();
    }

    private async Task ExecuteOneAsync(Responder responder, RequestHandler handler, Delivery delivery, CancellationToken aborting)
    {
        if (RequestEnvelope.Read(delivery) is not { } request)
            LogNoRequest(responder.Address, delivery.Position);
        else if (time.GetUtcNow() < request.Deadline)
            await PublishAsync(RepliesTopicOf(responder.Address), request.Answer(await ReplyProtocol.AnswerAsync(handler, request.Message, time, aborting)), aborting);
    }

    private Task<KafkaReplies> RepliesOf(string address)
    {
        lock (_lock)
        {
            if (!_replies.TryGetValue(address, out var replies) || replies.IsFaulted || replies is { IsCompletedSuccessfully: true, Result.Completion.IsCompleted: true })
                _replies[address] = replies = OpenAsync(address);
            return replies;
        }
    }

    private async Task<KafkaReplies> OpenAsync(string address)
    {
        await topics.EnsureOwnAsync(new TopicDefinition(RequestsOf(address)), Short, _closing.Token);
        await topics.EnsureOwnAsync(new TopicDefinition(RepliesTopicOf(address)), Short, _closing.Token);
        return await KafkaReplies.OpenAsync(transport, topics, RepliesTopicOf(address), _instance, _closing.Token);
    }

    private async Task PublishAsync(string topic, Message message, CancellationToken cancellationToken)
    {
        var outcome = await transport.PublishAsync([new OutgoingMessage(topic, message)], cancellationToken);
        if (!outcome.Succeeded)
            throw outcome.Failures[0].Cause;
    }

    private static string RequestsOf(string address) => address + ".requests";

    private static string RepliesTopicOf(string address) => address + ".replies";

    [LoggerMessage(EventId = 40, Level = LogLevel.Warning, Message = "The request to {Address} at position {Position} could not be answered")]
    private partial void LogNotAnswered(Exception exception, string address, long position);

    [LoggerMessage(EventId = 41, Level = LogLevel.Warning, Message = "What came to {Address} at position {Position} is no request")]
    private partial void LogNoRequest(string address, long position);
}
