using System.Diagnostics;

namespace Standins.Nats;

public class JetStreamConsume(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Messages_come_in_order_with_payload_headers_and_metadata()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "META", new ConsumerConfig("worker"), 10);

        var messages = await consumer.ConsumeAsync<int>(cancellationToken: Ct).TakeAsync(10);

        messages.Select(message => message.Data).ShouldBe(Enumerable.Range(1, 10));
        var third = messages[2];
        third.Subject.ShouldBe("META.3");
        third.Headers!["n"].ToString().ShouldBe("3");
        third.Error.ShouldBeNull();
        var metadata = third.Metadata.ShouldNotBeNull();
        metadata.Sequence.ShouldBe(new NatsJSSequencePair(3, 3));
        metadata.NumDelivered.ShouldBe(1ul);
        metadata.NumPending.ShouldBe(7ul);
        metadata.Stream.ShouldBe("META");
        metadata.Consumer.ShouldBe("worker");
        metadata.Timestamp.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_next_message_is_one_message_or_none_when_the_time_is_up()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "NEXT", new ConsumerConfig("worker"), 2);
        var briefly = new NatsJSNextOpts { Expires = TimeSpan.FromSeconds(1) };

        (await consumer.NextAsync<int>(cancellationToken: Ct)).ShouldNotBeNull().Data.ShouldBe(1);
        (await consumer.NextAsync<int>(opts: briefly, cancellationToken: Ct)).ShouldNotBeNull().Data.ShouldBe(2);
        (await consumer.NextAsync<int>(opts: briefly, cancellationToken: Ct)).ShouldBeNull();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Consuming_asks_for_more_as_often_as_needed()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "MORE", new ConsumerConfig("worker"), 2000);
        var seen = new List<int>();

        await foreach (var message in consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 7 }, cancellationToken: Ct))
        {
            seen.Add(message.Data);
            await message.AckAsync(cancellationToken: Ct);
            if (seen.Count == 2000)
                break;
        }

        seen.ShouldBe(Enumerable.Range(1, 2000));
        await SettledAsync(consumer, 2000);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_slow_application_holds_no_more_than_it_asked_for()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "SLOW", new ConsumerConfig("worker"), 100);
        await using var messages = consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 10 }, cancellationToken: Ct).GetAsyncEnumerator(Ct);

        await messages.MoveNextAsync();

        await Wait.UntilAsync(async () => { await consumer.RefreshAsync(Ct); return consumer.Info.NumAckPending == 10; }, "ten messages delivered");
        await nats.PingAsync(Ct);
        await consumer.RefreshAsync(Ct);
        consumer.Info.Delivered.ConsumerSeq.ShouldBe(10ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Messages_published_while_consuming_arrive_without_delay()
    {
        await using var nats = server.Connect();
        var (js, consumer) = await SetUpAsync(nats, "LIVE", new ConsumerConfig("worker"), 0);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        var next = messages.MoveNextAsync();
        await Wait.UntilAsync(async () => { await consumer.RefreshAsync(Ct); return consumer.Info.NumWaiting == 1; }, "a pull waits");
        var started = Stopwatch.GetTimestamp();

        await js.PublishAsync("LIVE.1", 1, cancellationToken: Ct);

        (await next).ShouldBeTrue();
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(12), "not with a heartbeat, which comes after 15 s");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_negative_acknowledgement_brings_the_message_back_at_once_or_later()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "NAK", new ConsumerConfig("worker") { AckWait = TimeSpan.FromMinutes(1) }, 1);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);

        await messages.MoveNextAsync();
        await messages.Current.NakAsync(cancellationToken: Ct);
        await messages.MoveNextAsync();
        messages.Current.Metadata!.Value.NumDelivered.ShouldBe(2ul);

        var started = Stopwatch.GetTimestamp();
        await messages.Current.NakAsync(new AckOpts { NakDelay = TimeSpan.FromMilliseconds(400) }, Ct);
        await messages.MoveNextAsync();
        messages.Current.Metadata!.Value.NumDelivered.ShouldBe(3ul);
        Stopwatch.GetElapsedTime(started).ShouldBeInRange(TimeSpan.FromMilliseconds(350), TimeSpan.FromSeconds(20));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Without_acknowledgement_a_message_comes_back_and_progress_prevents_that()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "WAIT", new ConsumerConfig("worker") { AckWait = TimeSpan.FromSeconds(3) }, 1);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await messages.MoveNextAsync();
        var first = messages.Current;
        var next = messages.MoveNextAsync().AsTask();

        // Twice AckWait with progress: no redelivery. Without: one.
        for (var i = 0; i < 24; i++)
        {
            await first.AckProgressAsync(cancellationToken: Ct);
            (await Task.WhenAny(next, Task.Delay(250, Ct))).ShouldNotBe(next);
        }

        await next.WaitAsync(Wait.Deadline, Ct);
        messages.Current.Metadata!.Value.NumDelivered.ShouldBe(2ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_terminated_message_does_not_come_back()
    {
        await using var nats = server.Connect();
        var (js, consumer) = await SetUpAsync(nats, "TERM", new ConsumerConfig("worker"), 1);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await messages.MoveNextAsync();

        await messages.Current.AckTerminateAsync(cancellationToken: Ct);

        await SettledAsync(consumer, 1);
        await js.PublishAsync("TERM.2", 2, cancellationToken: Ct);
        await messages.MoveNextAsync();
        messages.Current.Data.ShouldBe(2);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_double_acknowledgement_is_settled_when_it_returns()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "DOUBLE", new ConsumerConfig("worker"), 3);

        foreach (var message in await consumer.ConsumeAsync<int>(cancellationToken: Ct).TakeAsync(3))
            await message.AckAsync(new AckOpts { DoubleAck = true }, Ct);

        await consumer.RefreshAsync(Ct);
        consumer.Info.NumAckPending.ShouldBe(0);
        consumer.Info.AckFloor.StreamSeq.ShouldBe(3ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task With_the_policy_all_one_acknowledgement_settles_everything_before_it()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "ALL", new ConsumerConfig("worker") { AckPolicy = ConsumerConfigAckPolicy.All, FilterSubject = "ALL.>" }, 10);
        var messages = await consumer.ConsumeAsync<int>(cancellationToken: Ct).TakeAsync(10);

        await messages[6].AckAsync(new AckOpts { DoubleAck = true }, Ct);

        await consumer.RefreshAsync(Ct);
        consumer.Info.AckFloor.StreamSeq.ShouldBe(7ul);
        consumer.Info.NumAckPending.ShouldBe(3);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_consumer_starts_where_it_is_told()
    {
        await using var nats = server.Connect();
        var (js, _) = await SetUpAsync(nats, "START", new ConsumerConfig("all"), 5);
        var third = (await (await js.GetStreamAsync("START", cancellationToken: Ct)).GetAsync(new StreamMsgGetRequest { Seq = 3 }, Ct)).Message.Time;

        (await FirstAsync(new ConsumerConfig("seq") { DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence, OptStartSeq = 4 })).ShouldBe(4);
        (await FirstAsync(new ConsumerConfig("time") { DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartTime, OptStartTime = third })).ShouldBe(3);
        (await FirstAsync(new ConsumerConfig("last") { DeliverPolicy = ConsumerConfigDeliverPolicy.Last })).ShouldBe(5);
        (await FirstAsync(new ConsumerConfig("filter") { FilterSubject = "START.2" })).ShouldBe(2);
        (await FirstAsync(new ConsumerConfig("persubject") { DeliverPolicy = ConsumerConfigDeliverPolicy.LastPerSubject, FilterSubject = "START.*" })).ShouldBe(1);

        async Task<int> FirstAsync(ConsumerConfig config)
        {
            var consumer = await js.CreateOrUpdateConsumerAsync("START", config, Ct);
            return (await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 1 }, cancellationToken: Ct).SingleAsync(Ct)).Data;
        }
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_deleted_consumer_ends_consuming_with_a_typed_error()
    {
        await using var nats = server.Connect();
        var (js, consumer) = await SetUpAsync(nats, "GONE", new ConsumerConfig("worker"), 1);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await messages.MoveNextAsync();
        var next = messages.MoveNextAsync().AsTask();

        await js.DeleteConsumerAsync("GONE", "worker", Ct);

        var error = await Should.ThrowAsync<NatsJSProtocolException>(next.WaitAsync(Wait.Deadline, Ct));
        error.HeaderCode.ShouldBe(409);
        error.HeaderMessageText.ShouldBe("Consumer Deleted");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Cancelling_ends_consuming_without_an_exception_and_leaves_the_rest_unsettled()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "CANCEL", new ConsumerConfig("worker"), 10);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var seen = 0;

        await foreach (var message in consumer.ConsumeAsync<int>(cancellationToken: cancel.Token))
        {
            await message.AckAsync(cancellationToken: Ct);
            if (++seen == 3)
                await cancel.CancelAsync();
        }

        seen.ShouldBe(3);
        await SettledAsync(consumer, 3);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Cancelling_ends_consuming_that_waits()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "IDLE", new ConsumerConfig("worker"), 0);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: cancel.Token).GetAsyncEnumerator(cancel.Token);
        var next = messages.MoveNextAsync().AsTask();

        await cancel.CancelAsync();

        (await next.WaitAsync(Wait.Deadline, Ct)).ShouldBeFalse();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_payload_that_cannot_be_read_does_not_stop_consuming()
    {
        await using var nats = server.Connect();
        var (js, consumer) = await SetUpAsync(nats, "POISON", new ConsumerConfig("worker"), 0);
        await js.PublishAsync("POISON.1", "not a number", cancellationToken: Ct);
        await js.PublishAsync("POISON.2", "2", cancellationToken: Ct);

        var messages = await consumer.ConsumeAsync<int>(cancellationToken: Ct).TakeAsync(2);

        messages[0].Error.ShouldBeOfType<NatsDeserializeException>();
        messages[1].Error.ShouldBeNull();
        messages[1].Data.ShouldBe(2);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Fetching_ends_with_the_batch_or_with_its_time()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "FETCH", new ConsumerConfig("worker"), 15);

        (await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 10 }, cancellationToken: Ct).Select(message => message.Data).ToListAsync(Ct)).ShouldBe(Enumerable.Range(1, 10));
        (await consumer.FetchAsync<int>(new NatsJSFetchOpts { MaxMsgs = 10, Expires = TimeSpan.FromSeconds(1) }, cancellationToken: Ct).CountAsync(Ct)).ShouldBe(5);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Fetching_without_waiting_takes_what_there_is()
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, "NOWAIT", new ConsumerConfig("worker"), 3);

        (await consumer.FetchNoWaitAsync<int>(new NatsJSFetchOpts { MaxMsgs = 10 }, cancellationToken: Ct).CountAsync(Ct)).ShouldBe(3);
        (await consumer.FetchNoWaitAsync<int>(new NatsJSFetchOpts { MaxMsgs = 10 }, cancellationToken: Ct).CountAsync(Ct)).ShouldBe(0);
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData(null, 30)]
    [InlineData(1, 0)]
    public async Task Limits_that_make_no_sense_are_refused(int? maxMsgs, int expires)
    {
        await using var nats = server.Connect();
        var (_, consumer) = await SetUpAsync(nats, $"LIMITS{maxMsgs}{expires}", new ConsumerConfig("worker"), 0);
        var opts = new NatsJSFetchOpts { MaxMsgs = maxMsgs, Expires = TimeSpan.FromSeconds(expires) };

        await Should.ThrowAsync<NatsJSException>(async () => await consumer.FetchAsync<int>(opts, cancellationToken: Ct).CountAsync(Ct));
    }

    private static async Task<(NatsJSContext JetStream, INatsJSConsumer Consumer)> SetUpAsync(NatsConnection nats, string stream, ConsumerConfig config, int messages)
    {
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig(stream, [stream + ".>"]), Ct);
        var consumer = await js.CreateOrUpdateConsumerAsync(stream, config, Ct);
        await Task.WhenAll(Enumerable.Range(1, messages).Select(async i =>
            (await js.PublishAsync($"{stream}.{i}", i, headers: new NatsHeaders { ["n"] = i.ToString() }, cancellationToken: Ct)).EnsureSuccess()));
        return (js, consumer);
    }

    // Acknowledgements are processed after they were sent.
    private static Task SettledAsync(INatsJSConsumer consumer, ulong upTo) => Wait.UntilAsync(
        async () =>
        {
            await consumer.RefreshAsync(Ct);
            return consumer.Info.AckFloor.StreamSeq == upTo;
        },
        $"settled up to {upTo}");
}
