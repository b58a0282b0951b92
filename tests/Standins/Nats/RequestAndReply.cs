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

        Stopwatch.GetElapsedTime(started).ShouldBeInRange(TimeSpan.FromMilliseconds(150), TimeSpan.FromSeconds(5));
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
}
