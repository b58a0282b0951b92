using System.Collections.Concurrent;
using System.Text;
using Messaging;

namespace Compliance;

/// <summary>Request-reply, where a transport has it.</summary>
public abstract class Requesting(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private string Address => Topic.Replace(".events", ".questions", StringComparison.Ordinal);

    [Fact]
    public async Task A_request_gets_its_own_answer_among_many()
    {
        await using var responder = await RespondAsync("service", Echo);
        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(number => AskAsync($"question {number}")));
        replies.ShouldBe(Enumerable.Range(0, 100).Select(number => $"answer to question {number}"));
    }

    [Fact]
    public async Task Every_attribute_of_a_request_and_of_its_reply_survives_the_trip()
    {
        var reply = Messages.Create("ключ", "{}") with { CorrelationId = "korrelation", Extensions = new Dictionary<string, string> { ["tenant"] = "Åse" } };
        var request = Messages.Create("schlüssel", "?") with { Type = "a.question.v1", TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01" };
        Message? asked = null;
        await using var responder = await RespondAsync("service", (message, _) =>
        {
            asked = message;
            return Task.FromResult(reply);
        });
        var received = await Requests.RequestAsync(Address, request, Patience, Cancel);
        asked.ShouldNotBeNull().Id.ShouldBe(request.Id);
        (asked.Type, asked.PartitionKey, asked.TraceParent).ShouldBe((request.Type, request.PartitionKey, request.TraceParent));
        received.Extensions["tenant"].ShouldBe("Åse");
        (received.Id, received.Type, received.PartitionKey, received.CorrelationId).ShouldBe((reply.Id, reply.Type, reply.PartitionKey, reply.CorrelationId));
    }

    [Fact]
    public async Task Instances_of_a_service_share_its_requests()
    {
        var answeredBy = new ConcurrentDictionary<int, int>();
        await using var one = await RespondAsync("service", (message, token) => CountAsync(1, message, token));
        await using var two = await RespondAsync("service", (message, token) => CountAsync(2, message, token), Connect());
        var asked = 0;
        await EventuallyAsync(async () =>
        {
            await Task.WhenAll(Enumerable.Range(0, 20).Select(number => AskAsync($"{asked + number}")));
            asked += 20;
            return answeredBy.ContainsKey(1) && answeredBy.ContainsKey(2);
        });
        answeredBy.Values.Sum().ShouldBe(asked, "each request went to one of them");

        Task<Message> CountAsync(int instance, Message message, CancellationToken token)
        {
            if (Text(message) != Knock)
                answeredBy.AddOrUpdate(instance, 1, (_, count) => count + 1);
            return Echo(message, token);
        }
    }

    [Fact]
    public async Task What_the_responders_handler_throws_the_asker_is_told()
    {
        await using var responder = await RespondAsync("service", (message, token) =>
            Text(message) == "bad" ? throw new InvalidOperationException("Das geht nicht: «bad».") : Echo(message, token));
        var failure = await Should.ThrowAsync<RequestFailedException>(() => AskAsync("bad"));
        failure.Failure.ShouldBe("Das geht nicht: «bad».");
        failure.Address.ShouldBe(Address);
        (await AskAsync("good")).ShouldBe("answer to good");
    }

    [Fact]
    public async Task A_request_that_is_not_answered_in_time_fails_and_a_late_answer_disturbs_nobody()
    {
        var gate = new Gate();
        await using var responder = await RespondAsync("service", async (message, token) =>
        {
            if (Text(message) == "slow")
                await gate.PassAsync(token);
            return await Echo(message, token);
        });
        var timeout = await Should.ThrowAsync<RequestTimeoutException>(
            () => Requests.RequestAsync(Address, Messages.Create("key", "slow"), TimeSpan.FromSeconds(2), Cancel));
        timeout.Address.ShouldBe(Address);
        gate.Open();
        (await AskAsync("quick")).ShouldBe("answer to quick");
    }

    [Fact]
    public async Task Nobody_at_an_address_is_a_typed_failure()
    {
        var requests = Requests;
        var ask = () => requests.RequestAsync(Address, Messages.Create("key", "?"), TimeSpan.FromSeconds(2), Cancel);
        if (Transport.Capabilities.ImmediateNoResponders)
            (await Should.ThrowAsync<NoRespondersException>(ask)).Address.ShouldBe(Address);
        else
            await Should.ThrowAsync<RequestTimeoutException>(ask);
    }

    [Fact]
    public async Task A_request_whose_time_is_over_is_not_executed()
    {
        var gate = new Gate();
        var executed = new ConcurrentQueue<string>();
        await using var responder = await RespondAsync(new Responder(Address, "service", Concurrency: 1), async (message, token) =>
        {
            executed.Enqueue(Text(message));
            if (Text(message) == "first")
                await gate.PassAsync(token);
            return await Echo(message, token);
        });
        var first = AskAsync("first");
        await gate.Reached;
        await Should.ThrowAsync<RequestTimeoutException>(() => Requests.RequestAsync(Address, Messages.Create("key", "late"), TimeSpan.FromSeconds(1), Cancel));
        gate.Open();
        await first;
        await AskAsync("last");
        executed.ShouldNotContain("late");
    }

    [Fact]
    public async Task A_responder_has_no_more_requests_in_hand_than_it_may()
    {
        var (inHand, tooMany) = (0, false);
        var gate = new Gate();
        await using var responder = await RespondAsync(new Responder(Address, "service", Concurrency: 3), async (message, token) =>
        {
            if (Text(message) == Knock)
                return await Echo(message, token);
            var now = Interlocked.Increment(ref inHand);
            if (now > 3)
                Volatile.Write(ref tooMany, true);
            if (now == 3)
                gate.Open();
            await gate.PassAsync(token);
            Interlocked.Decrement(ref inHand);
            return await Echo(message, token);
        });
        await Task.WhenAll(Enumerable.Range(0, 20).Select(number => AskAsync($"{number}")));
        tooMany.ShouldBeFalse();
    }

    [Fact]
    public async Task A_responder_that_stops_answers_what_it_has_in_hand()
    {
        var gate = new Gate();
        var responder = await RespondAsync("service", async (message, token) =>
        {
            if (Text(message) != Knock)
                await gate.PassAsync(token);
            return await Echo(message, token);
        });
        var asked = AskAsync("last");
        await gate.Reached;
        var stopped = responder.StopAsync();
        gate.Open();
        await stopped;
        (await asked).ShouldBe("answer to last");
    }

    [Fact]
    public async Task Waiting_for_an_answer_can_be_cancelled()
    {
        var gate = new Gate();
        await using var responder = await RespondAsync("service", async (message, token) =>
        {
            if (Text(message) != Knock)
                await gate.PassAsync(token);
            return await Echo(message, token);
        });
        using var cancelling = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var asked = Requests.RequestAsync(Address, Messages.Create("key", "?"), Patience, cancelling.Token);
        await gate.Reached;
        await cancelling.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => asked);
        gate.Open();
    }

    private const string Knock = "anybody there?";

    private IRequestReply Requests
    {
        get
        {
            Assert.SkipUnless(Transport.Capabilities.RequestReply, nameof(TransportCapabilities.RequestReply));
            return Transport.RequireRequestReply();
        }
    }

    private static Task<Message> Echo(Message message, CancellationToken cancellationToken) => Task.FromResult(Messages.Create("key", "answer to " + Text(message)));

    private static string Text(Message message) => Encoding.UTF8.GetString(message.Body.Span);

    private async Task<string> AskAsync(string question) =>
        Text(await Requests.RequestAsync(Address, Messages.Create($"key of {question}", question), Patience, Cancel));

    private Task<Responding> RespondAsync(string service, RequestHandler handler, ITransport? transport = null) =>
        RespondAsync(new Responder(Address, service), handler, transport);

    /// <summary>A responder that is heard: somebody has knocked and was answered.</summary>
    private async Task<Responding> RespondAsync(Responder responder, RequestHandler handler, ITransport? transport = null)
    {
        _ = Requests;
        var responding = new Responding((transport ?? Transport).RequireRequestReply(), responder, handler);
        await EventuallyAsync(async () =>
        {
            try
            {
                await Requests.RequestAsync(Address, Messages.Create("key", Knock), TimeSpan.FromSeconds(5), Cancel);
                return true;
            }
            catch (TransportException) when (!responding.Running.IsCompleted)
            {
                return false;
            }
        });
        return responding;
    }

    private sealed class Responding : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stopping = new();

        public Responding(IRequestReply transport, Responder responder, RequestHandler handler) =>
            Running = transport.RespondAsync(responder, handler, _stopping.Token);

        public Task Running { get; }

        public async Task StopAsync()
        {
            await _stopping.CancelAsync();
            await Running.WaitAsync(TimeSpan.FromSeconds(60));
        }

        public async ValueTask DisposeAsync()
        {
            await StopAsync();
            _stopping.Dispose();
        }
    }
}
