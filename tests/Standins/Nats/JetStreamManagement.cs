using System.Text;

namespace Standins.Nats;

public class JetStreamManagement(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_stream_is_created_changed_found_and_deleted()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var config = new StreamConfig("LIFE", ["life.>"])
        {
            MaxAge = TimeSpan.FromHours(1),
            MaxMsgsPerSubject = 3,
            DuplicateWindow = TimeSpan.FromSeconds(90),
            AllowDirect = true,
            AllowRollupHdrs = true,
            DenyDelete = true,
        };

        var created = await js.CreateStreamAsync(config, Ct);
        created.Info.Config.ShouldSatisfyAllConditions(
            c => c.Name.ShouldBe("LIFE"), c => c.Subjects.ShouldBe(["life.>"]), c => c.MaxAge.ShouldBe(TimeSpan.FromHours(1)), c => c.MaxMsgsPerSubject.ShouldBe(3),
            c => c.DuplicateWindow.ShouldBe(TimeSpan.FromSeconds(90)), c => c.Storage.ShouldBe(StreamConfigStorage.File), c => c.Retention.ShouldBe(StreamConfigRetention.Limits),
            c => c.AllowDirect.ShouldBeTrue(), c => c.AllowRollupHdrs.ShouldBeTrue(), c => c.DenyDelete.ShouldBeTrue(), c => c.NumReplicas.ShouldBe(1));
        await js.CreateStreamAsync(config, Ct);
        (await Should.ThrowAsync<NatsJSApiException>(async () => await js.CreateStreamAsync(new StreamConfig("LIFE", ["life.>"]), Ct))).Error.ErrCode.ShouldBe(10058);

        var updated = await js.CreateOrUpdateStreamAsync(created.Info.Config with { MaxAge = TimeSpan.FromHours(2) }, Ct);
        updated.Info.Config.MaxAge.ShouldBe(TimeSpan.FromHours(2));
        await created.RefreshAsync(Ct);
        created.Info.Config.MaxAge.ShouldBe(TimeSpan.FromHours(2));
        (await js.GetStreamAsync("LIFE", cancellationToken: Ct)).Info.Config.MaxAge.ShouldBe(TimeSpan.FromHours(2));
        (await js.ListStreamNamesAsync("life.x", Ct).ToListAsync(Ct)).ShouldBe(["LIFE"]);

        (await js.DeleteStreamAsync("LIFE", Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<NatsJSApiException>(async () => await js.GetStreamAsync("LIFE", cancellationToken: Ct))).Error.Code.ShouldBe(404);
        (await Should.ThrowAsync<NatsJSApiException>(async () => await js.UpdateStreamAsync(config, Ct))).Error.ErrCode.ShouldBe(10059);
        (await js.CreateOrUpdateStreamAsync(config, Ct)).Info.Config.MaxMsgsPerSubject.ShouldBe(3);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_message_is_read_by_sequence_and_by_subject()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var stream = await js.CreateStreamAsync(new StreamConfig("READ", ["read.>"]), Ct);
        await js.PublishAsync("read.a", "one", headers: new NatsHeaders { ["h"] = "v" }, cancellationToken: Ct);
        await js.PublishAsync("read.a", "two", cancellationToken: Ct);
        await js.PublishAsync("read.b", "three", cancellationToken: Ct);

        var first = (await stream.GetAsync(new StreamMsgGetRequest { Seq = 1 }, Ct)).Message;
        Encoding.UTF8.GetString(first.Data.Span).ShouldBe("one");
        first.Subject.ShouldBe("read.a");
        first.Time.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
        Encoding.UTF8.GetString(Convert.FromBase64String(first.Hdrs!)).ShouldBe("NATS/1.0\r\nh: v\r\n\r\n");
        (await stream.GetAsync(new StreamMsgGetRequest { LastBySubj = "read.a" }, Ct)).Message.Seq.ShouldBe(2ul);
        (await stream.GetAsync(new StreamMsgGetRequest { Seq = 1, NextBySubj = "read.b" }, Ct)).Message.Seq.ShouldBe(3ul);
        (await Should.ThrowAsync<NatsJSApiException>(async () => await stream.GetAsync(new StreamMsgGetRequest { Seq = 9 }, Ct))).Error.Code.ShouldBe(404);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_stream_counts_its_messages_by_subject()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var stream = await js.CreateStreamAsync(new StreamConfig("COUNT", ["count.>"]), Ct);
        for (var i = 0; i < 10; i++)
            await js.PublishAsync($"count.{i % 2}", i, cancellationToken: Ct);

        var info = await js.GetStreamAsync("COUNT", new StreamInfoRequest { SubjectsFilter = "count.1" }, Ct);
        info.Info.State.Subjects.ShouldNotBeNull().ShouldHaveSingleItem().ShouldBe(new KeyValuePair<string, long>("count.1", 5));

        await stream.RefreshAsync(Ct);
        stream.Info.State.Messages.ShouldBe(10);
        stream.Info.State.LastSeq.ShouldBe(10ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_stream_is_purged_by_subject_and_by_sequence()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var stream = await js.CreateStreamAsync(new StreamConfig("PURGE", ["purge.>"]), Ct);
        for (var i = 0; i < 10; i++)
            await js.PublishAsync($"purge.{i % 2}", i, cancellationToken: Ct);

        (await stream.PurgeAsync(new StreamPurgeRequest { Filter = "purge.0" }, Ct)).Purged.ShouldBe(5);
        (await js.PurgeStreamAsync("PURGE", new StreamPurgeRequest { Seq = 5 }, Ct)).Purged.ShouldBe(2);

        await stream.RefreshAsync(Ct);
        stream.Info.State.Messages.ShouldBe(3);
        stream.Info.State.LastSeq.ShouldBe(10ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_consumer_is_created_changed_found_and_deleted()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("CONS", ["cons.>"]), Ct);
        var config = new ConsumerConfig("worker")
        {
            AckPolicy = ConsumerConfigAckPolicy.All,
            AckWait = TimeSpan.FromSeconds(7),
            MaxDeliver = 5,
            MaxAckPending = 123,
            FilterSubject = "cons.a.>",
            InactiveThreshold = TimeSpan.FromMinutes(5),
        };

        var created = await js.CreateOrUpdateConsumerAsync("CONS", config, Ct);
        created.Info.ShouldSatisfyAllConditions(i => i.StreamName.ShouldBe("CONS"), i => i.Name.ShouldBe("worker"));
        created.Info.Config.ShouldSatisfyAllConditions(
            c => c.DurableName.ShouldBe("worker"), c => c.AckPolicy.ShouldBe(ConsumerConfigAckPolicy.All), c => c.MaxDeliver.ShouldBe(5), c => c.MaxAckPending.ShouldBe(123),
            c => c.FilterSubject.ShouldBe("cons.a.>"), c => c.InactiveThreshold.ShouldBe(TimeSpan.FromMinutes(5)));

        var changed = await js.CreateOrUpdateConsumerAsync("CONS", config with { MaxAckPending = 77 }, Ct);
        changed.Info.Config.MaxAckPending.ShouldBe(77);
        await created.RefreshAsync(Ct);
        created.Info.Config.MaxAckPending.ShouldBe(77);
        (await js.GetConsumerAsync("CONS", "worker", Ct)).Info.Config.MaxAckPending.ShouldBe(77);
        var unnamed = await js.CreateOrUpdateConsumerAsync("CONS", new ConsumerConfig { FilterSubject = "cons.b" }, Ct);
        unnamed.Info.Config.FilterSubject.ShouldBe("cons.b");
        (await js.ListConsumerNamesAsync("CONS", Ct).ToListAsync(Ct)).ShouldBe(["worker", unnamed.Info.Name], ignoreOrder: true);

        (await js.DeleteConsumerAsync("CONS", "worker", Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<NatsJSApiException>(async () => await js.GetConsumerAsync("CONS", "worker", Ct))).Error.ErrCode.ShouldBe(10014);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Names_the_server_would_misunderstand_are_refused()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);

        await Should.ThrowAsync<ArgumentException>(async () => await js.GetStreamAsync("a.b", cancellationToken: Ct));
        await Should.ThrowAsync<ArgumentException>(async () => await js.DeleteStreamAsync("", Ct));
        await Should.ThrowAsync<ArgumentException>(async () => await js.CreateOrUpdateConsumerAsync("S", new ConsumerConfig("a.b"), Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Without_jetstream_calls_end_with_a_typed_error()
    {
        await using var plain = new NatsServer { Arguments = [] };
        await plain.InitializeAsync();
        await using var nats = plain.Connect();
        var js = new NatsJSContext(nats);

        await Should.ThrowAsync<NatsNoRespondersException>(async () => await js.GetStreamAsync("S", cancellationToken: Ct));
        await Should.ThrowAsync<NatsJSPublishNoResponseException>(async () => await js.PublishAsync("s", 1, cancellationToken: Ct));
    }
}
