using System.Collections.Concurrent;
using Messaging;

namespace Patterns.Antipatterns;

/// <summary>
/// Asks by publishing a request to an ordinary topic and waiting for a message with the same correlation id. What holds instead:
/// the request-reply of the transports, with a time limit that travels with the request.
/// </summary>
public sealed class RequestByTopicTests
{
    private const string Requests = "requests";
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new(StringComparer.Ordinal);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Without_a_time_limit_the_asker_of_a_responder_that_fails_waits_for_ever()
    {
        await using var transport = await StartAsync();
        var answer = await AskAsync(transport, Messages.New("question"));

        await RespondAsync(transport, _ => throw new CrashException());

        answer.IsCompleted.ShouldBeFalse("though the request is settled and nobody has it any more");
    }

    [Fact]
    public async Task A_request_whose_asker_has_given_up_is_executed_all_the_same()
    {
        await using var transport = await StartAsync();
        var effects = 0;
        var answer = await AskAsync(transport, Messages.New("charge my card"));
        await Should.ThrowAsync<TimeoutException>(() => answer.WaitAsync(TimeSpan.FromMilliseconds(1), Cancelled));

        // The user was told that it failed. Then the responder comes back.
        await RespondAsync(transport, _ => effects++);

        effects.ShouldBe(1);
    }

    private async Task<Task<Message>> AskAsync(InMemoryTransport transport, Message request)
    {
        var reply = _waiting.GetOrAdd(request.Id, _ => new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously));
        await transport.PublishAsync([new OutgoingMessage(Requests, request)], Cancelled);
        return reply.Task;
    }

    /// <summary>Executes every request there is; what fails is logged by whoever cares and dropped, so that it stops nobody.</summary>
    private async Task RespondAsync(InMemoryTransport transport, Action<Message> execute)
    {
        using var stopping = new CancellationTokenSource();
        var responding = transport.ConsumeAsync(new Subscription(Requests, "responder"), (batch, _) =>
        {
            foreach (var request in batch.Deliveries.Select(delivery => IncomingMessage.From(delivery).Message!))
            {
                try
                {
                    execute(request);
                    _waiting[request.Id].TrySetResult(request);
                }
                catch (CrashException)
                {
                    // The anti-pattern: the asker is not told.
                }
            }

            return Task.CompletedTask;
        }, stopping.Token);
        await Eventually.BecomesTrueAsync(
            async () => await transport.GetLagAsync(Cancelled) is { Count: > 0 } lags && lags.All(lag => lag.Messages == 0), "all requests are settled");
        await stopping.CancelAsync();
        await responding;
    }

    private static async Task<InMemoryTransport> StartAsync()
    {
        var transport = new InMemoryTransport(new InMemoryBroker(), TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(Requests, 1)], Cancelled);
        return transport;
    }
}
