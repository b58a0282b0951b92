using System.Diagnostics;

namespace Standins.Nats;

public class RequestAndReply(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Concurrent_requests_each_get_their_own_reply()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<int>("double", cancellationToken: Ct);
        var service = DoubleAsync();

        var replies = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i => await nats.RequestAsync<int, int>("double", i, cancellationToken: Ct)));

        replies.Select(reply => reply.Data).ShouldBe(Enumerable.Range(0, 1000).Select(i => i * 2));
        replies.Select(reply => int.Parse(reply.Headers!["of"]!)).ShouldBe(Enumerable.Range(0, 1000));
        await subscription.UnsubscribeAsync();
        await service;

        async Task DoubleAsync()
        {
            await foreach (var message in subscription.Msgs.ReadAllAsync(Ct))
                await message.ReplyAsync(message.Data * 2, new NatsHeaders { ["of"] = message.Data.ToString() }, cancellationToken: Ct);
        }
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Nobody_listening_is_known_at_once()
    {
        await using var nats = server.Connect();
        await nats.ConnectAsync();
        var started = Stopwatch.GetTimestamp();

        await Should.ThrowAsync<NatsNoRespondersException>(async () => await nats.RequestAsync<string, string>("nobody", "x", cancellationToken: Ct));

        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(2));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Nobody_listening_is_a_message_when_asked_for()
    {
        await using var nats = server.Connect();

        var reply = await nats.RequestAsync<string, string>("nobody", "x", replyOpts: new NatsSubOpts { ThrowIfNoResponders = false }, cancellationToken: Ct);

        reply.HasNoResponders.ShouldBeTrue();
        Should.Throw<NatsNoRespondersException>(reply.EnsureSuccess);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_reply_that_does_not_come_in_time_is_a_typed_error()
    {
        await using var nats = server.Connect();
        await using var mute = await nats.SubscribeCoreAsync<string>("mute", cancellationToken: Ct);
        var started = Stopwatch.GetTimestamp();

        await Should.ThrowAsync<NatsNoReplyException>(async () =>
            await nats.RequestAsync<string, string>("mute", "x", replyOpts: new NatsSubOpts { Timeout = TimeSpan.FromMilliseconds(200) }, cancellationToken: Ct));

        Stopwatch.GetElapsedTime(started).ShouldBeInRange(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(20));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_cancelled_request_ends_at_once_and_a_late_reply_harms_nobody()
    {
        await using var nats = server.Connect();
        await using var slow = await nats.SubscribeCoreAsync<string>("slow", cancellationToken: Ct);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var request = nats.RequestAsync<string, string>("slow", "x", cancellationToken: cancel.Token).AsTask();
        var received = await slow.Msgs.ReadAsync(Ct);

        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(request);

        await received.ReplyAsync("late", cancellationToken: Ct);
        await nats.PingAsync(Ct);
        var next = nats.RequestAsync<string, string>("slow", "y", cancellationToken: Ct).AsTask();
        await (await slow.Msgs.ReadAsync(Ct)).ReplyAsync("in time", cancellationToken: Ct);
        (await next).Data.ShouldBe("in time");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Dispose_ends_what_waits()
    {
        var nats = server.Connect();
        var subscription = await nats.SubscribeCoreAsync<string>("end", cancellationToken: Ct);
        var request = nats.RequestAsync<string, string>("end", "x", cancellationToken: Ct).AsTask();
        await subscription.Msgs.ReadAsync(Ct);

        await nats.DisposeAsync();

        await Should.ThrowAsync<Exception>(request.WaitAsync(Wait.Deadline, Ct));
        await subscription.Msgs.Completion.WaitAsync(Wait.Deadline, Ct);
        await Should.ThrowAsync<ObjectDisposedException>(async () => await nats.PublishAsync("end", "x", cancellationToken: Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_request_under_way_when_the_connection_breaks_times_out_and_the_next_one_is_answered()
    {
        await using var own = new NatsServer();
        await own.InitializeAsync();
        await using var nats = own.Connect();
        await using var service = await nats.SubscribeCoreAsync<string>("ask", cancellationToken: Ct);
        var lost = nats.RequestAsync<string, string>("ask", "1", replyOpts: new NatsSubOpts { Timeout = TimeSpan.FromSeconds(1) }, cancellationToken: Ct).AsTask();
        (await service.Msgs.ReadAsync(Ct)).Data.ShouldBe("1");

        await own.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState != NatsConnectionState.Open, "disconnected");
        var waiting = nats.RequestAsync<string, string>("ask", "2", cancellationToken: Ct).AsTask();
        await Should.ThrowAsync<NatsNoReplyException>(lost.WaitAsync(Wait.Deadline, Ct));
        await own.StartAsync();

        await (await service.Msgs.ReadAsync(Ct)).ReplyAsync("two", cancellationToken: Ct);
        (await waiting.WaitAsync(Wait.Deadline, Ct)).Data.ShouldBe("two");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Request_and_reply_can_be_json()
    {
        await using var nats = new NatsConnection(server.Opts with { SerializerRegistry = NatsJsonSerializerRegistry.Default });
        await using var service = await nats.SubscribeCoreAsync<Question>("json", cancellationToken: Ct);
        var reply = nats.RequestAsync<Question, Answer>("json", new Question("six times nine", [6, 9]), cancellationToken: Ct).AsTask();

        var question = await service.Msgs.ReadAsync(Ct);
        question.Data!.Factors.ShouldBe([6, 9]);
        await question.ReplyAsync(new Answer(42), cancellationToken: Ct);
        (await reply).Data.ShouldBe(new Answer(42));

        var unreadable = nats.RequestAsync<Question, Answer>("json", new Question("?", []), cancellationToken: Ct).AsTask();
        await (await service.Msgs.ReadAsync(Ct)).ReplyAsync("no object", cancellationToken: Ct);
        (await unreadable).Error.ShouldBeOfType<NatsDeserializeException>();
    }

    private sealed record Question(string Text, int[] Factors);

    private sealed record Answer(int Value);
}
