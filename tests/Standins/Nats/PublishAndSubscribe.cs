using System.Collections.Concurrent;
using System.Text;

namespace Standins.Nats;

public class PublishAndSubscribe(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_message_arrives_with_payload_headers_and_reply_subject()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<string>("whole.*", cancellationToken: Ct);

        await nats.PublishAsync("whole.one", "grüße", new NatsHeaders { ["a"] = "1", ["b"] = new(["2", "3"]) }, "answer.here", cancellationToken: Ct);

        var message = await subscription.Msgs.ReadAsync(Ct);
        message.Subject.ShouldBe("whole.one");
        message.Data.ShouldBe("grüße");
        message.ReplyTo.ShouldBe("answer.here");
        message.Headers!["A"].ToString().ShouldBe("1");
        message.Headers["b"].ToArray().ShouldBe(["2", "3"]);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Messages_of_one_publisher_arrive_in_order()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<int>("ordered", cancellationToken: Ct);

        for (var i = 0; i < 10_000; i++)
            await nats.PublishAsync("ordered", i, cancellationToken: Ct);

        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(10_000)).Select(message => message.Data).ShouldBe(Enumerable.Range(0, 10_000));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Commands_of_many_threads_do_not_mix()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<string>("threads.*", cancellationToken: Ct);

        await Parallel.ForEachAsync(Enumerable.Range(0, 2000), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Ct }, async (i, token) =>
            await nats.PublishAsync($"threads.{i}", new string((char)('a' + (i % 26)), i), new NatsHeaders { ["i"] = i.ToString() }, cancellationToken: token));

        var messages = await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(2000);
        messages.Select(message => message.Subject).Distinct().Count().ShouldBe(2000);
        foreach (var message in messages)
        {
            var i = int.Parse(message.Headers!["i"]!);
            message.Subject.ShouldBe($"threads.{i}");
            (message.Data ?? "").ShouldBe(new string((char)('a' + (i % 26)), i));
        }
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_subscription_that_is_drained_has_what_was_sent_before_and_nothing_later()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<int>("drained", cancellationToken: Ct);
        for (var i = 0; i < 5_000; i++)
            await nats.PublishAsync("drained", i, cancellationToken: Ct);

        await subscription.DrainAsync(Ct);
        await nats.PublishAsync("drained", -1, cancellationToken: Ct);
        await nats.PingAsync(Ct);

        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(5_000)).Select(message => message.Data).ShouldBe(Enumerable.Range(0, 5_000));
        (await subscription.Msgs.WaitToReadAsync(Ct)).ShouldBeFalse();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_queue_group_shares_the_messages()
    {
        await using var nats = server.Connect();
        await using var one = await nats.SubscribeCoreAsync<int>("shared", "group", cancellationToken: Ct);
        await using var two = await nats.SubscribeCoreAsync<int>("shared", "group", cancellationToken: Ct);

        for (var i = 0; i < 200; i++)
            await nats.PublishAsync("shared", i, cancellationToken: Ct);

        await nats.PingAsync(Ct);
        await Wait.UntilAsync(() => one.Msgs.Count + two.Msgs.Count == 200, "all messages delivered");
        one.Msgs.Count.ShouldBeGreaterThan(0);
        two.Msgs.Count.ShouldBeGreaterThan(0);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task An_enumeration_ends_its_subscription_when_it_is_left()
    {
        await using var nats = server.Connect();
        using var leave = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var enumeration = AnswerAsync();
        await Wait.UntilAsync(async () => await AnswersAsync(nats, "left"), "somebody answers");

        await leave.CancelAsync();
        await enumeration.WaitAsync(Wait.Deadline, Ct);

        await Should.ThrowAsync<NatsNoRespondersException>(async () => await nats.RequestAsync<int, int>("left", 1, cancellationToken: Ct));

        async Task AnswerAsync()
        {
            await foreach (var message in nats.SubscribeAsync<int>("left", cancellationToken: leave.Token))
                await message.ReplyAsync(message.Data + 1, cancellationToken: Ct);
        }
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_full_subscription_replaces_its_newest_message_and_says_so()
    {
        await using var nats = server.Connect();
        var dropped = new ConcurrentQueue<string>();
        nats.MessageDropped += (_, args) =>
        {
            dropped.Enqueue(args.Subject);
            return default;
        };
        await using var subscription = await nats.SubscribeCoreAsync<int>("full", opts: new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 2 } }, cancellationToken: Ct);

        for (var i = 0; i < 5; i++)
            await nats.PublishAsync("full", i, cancellationToken: Ct);

        await Wait.UntilAsync(() => dropped.Count == 3, "three messages dropped");
        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(2)).Select(message => message.Data).ShouldBe([0, 4]);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_subscription_that_waits_loses_nothing()
    {
        await using var nats = server.Connect();
        var wait = new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 2, FullMode = System.Threading.Channels.BoundedChannelFullMode.Wait } };
        await using var subscription = await nats.SubscribeCoreAsync<int>("patient", opts: wait, cancellationToken: Ct);

        for (var i = 0; i < 1000; i++)
            await nats.PublishAsync("patient", i, cancellationToken: Ct);

        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(1000)).Select(message => message.Data).ShouldBe(Enumerable.Range(0, 1000));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_reader_that_never_comes_does_not_hold_dispose()
    {
        var nats = new NatsConnection(server.Opts with { CommandTimeout = TimeSpan.FromMilliseconds(200) });
        var wait = new NatsSubOpts { ChannelOpts = new NatsSubChannelOpts { Capacity = 1, FullMode = System.Threading.Channels.BoundedChannelFullMode.Wait } };
        var subscription = await nats.SubscribeCoreAsync<int>("never.read", opts: wait, cancellationToken: Ct);
        for (var i = 0; i < 10; i++)
            await nats.PublishAsync("never.read", i, cancellationToken: Ct);

        await Wait.UntilAsync(() => subscription.Msgs.Count == 1, "the buffer is full");

        await nats.DisposeAsync().AsTask().WaitAsync(Wait.Deadline, Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Cancelling_a_subscription_delivers_what_has_arrived()
    {
        await using var nats = server.Connect();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var subscription = await nats.SubscribeCoreAsync<int>("until.cancelled", cancellationToken: cancel.Token);
        await nats.PublishAsync("until.cancelled", 1, cancellationToken: Ct);
        await Wait.UntilAsync(() => subscription.Msgs.Count == 1, "one message");

        await cancel.CancelAsync();
        await nats.PublishAsync("until.cancelled", 2, cancellationToken: Ct);
        await nats.PingAsync(Ct);

        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(1);
        await subscription.Msgs.Completion.WaitAsync(Wait.Deadline, Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Nine_hundred_kilobytes_arrive_unchanged()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<byte[]>("large", cancellationToken: Ct);
        var payload = new byte[900 * 1024];
        new Random(1).NextBytes(payload);

        await nats.PublishAsync("large", payload, new NatsHeaders { ["h"] = "v" }, cancellationToken: Ct);

        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(payload);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_message_over_max_payload_is_refused_and_the_connection_lives()
    {
        await using var nats = server.Connect();
        await nats.ConnectAsync();
        var payload = new byte[nats.ServerInfo!.MaxPayload + 1];

        await Should.ThrowAsync<NatsPayloadTooLargeException>(async () => await nats.PublishAsync("too.large", payload, cancellationToken: Ct));
        await Should.ThrowAsync<NatsPayloadTooLargeException>(async () =>
            await nats.PublishAsync("too.large", payload[1..], new NatsHeaders { ["h"] = "v" }, cancellationToken: Ct));

        await nats.PublishAsync("just.right", payload[1..], cancellationToken: Ct);
        await nats.PingAsync(Ct);
        nats.ConnectionState.ShouldBe(NatsConnectionState.Open);
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a\r\nPUB x 0")]
    public async Task A_subject_that_would_break_the_protocol_is_refused(string subject)
    {
        await using var nats = server.Connect();

        await Should.ThrowAsync<NatsException>(async () => await nats.PublishAsync(subject, "x", cancellationToken: Ct));
        await Should.ThrowAsync<NatsException>(async () => await nats.RequestAsync<string, string>(subject, "x", cancellationToken: Ct));
        await Should.ThrowAsync<NatsException>(async () => await nats.SubscribeCoreAsync<string>(subject, cancellationToken: Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_payload_that_cannot_be_read_is_an_error_of_its_message_only()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<int>("poison", cancellationToken: Ct);

        await nats.PublishAsync("poison", "not a number", cancellationToken: Ct);
        await nats.PublishAsync("poison", "7", cancellationToken: Ct);

        var poison = await subscription.Msgs.ReadAsync(Ct);
        poison.Error.ShouldBeOfType<NatsDeserializeException>().RawData.ShouldBe(Encoding.UTF8.GetBytes("not a number"));
        Should.Throw<NatsDeserializeException>(poison.EnsureSuccess);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(7);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_serializer_that_throws_costs_its_own_publish_only()
    {
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<string>("types", cancellationToken: Ct);

        await Should.ThrowAsync<NatsException>(async () => await nats.PublishAsync("types", new object(), cancellationToken: Ct));
        await nats.PublishAsync("types", "next", cancellationToken: Ct);

        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe("next");
    }

    private static async Task<bool> AnswersAsync(NatsConnection nats, string subject)
    {
        try
        {
            return (await nats.RequestAsync<int, int>(subject, 41, cancellationToken: Ct)).Data == 42;
        }
        catch (NatsNoRespondersException)
        {
            return false;
        }
    }
}
