namespace Standins.Nats;

public class JetStreamPublish(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_message_id_stores_a_message_once()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("DEDUP", ["dedup.>"]) { DuplicateWindow = TimeSpan.FromMinutes(1) }, Ct);

        var first = await js.PublishAsync("dedup.a", "one", opts: new NatsJSPubOpts { MsgId = "1" }, cancellationToken: Ct);
        var again = await js.PublishAsync("dedup.a", "one", headers: new NatsHeaders { ["Nats-Msg-Id"] = "1" }, cancellationToken: Ct);

        first.ShouldSatisfyAllConditions(ack => ack.Error.ShouldBeNull(), ack => ack.Stream.ShouldBe("DEDUP"), ack => ack.Seq.ShouldBe(1ul), ack => ack.Duplicate.ShouldBeFalse());
        first.EnsureSuccess();
        again.Duplicate.ShouldBeTrue();
        again.Seq.ShouldBe(1ul);
        Should.Throw<NatsJSDuplicateMessageException>(again.EnsureSuccess).Sequence.ShouldBe(1ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task An_expectation_that_does_not_hold_is_an_error_in_the_answer()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("EXPECT", ["expect.>"]), Ct);
        (await js.PublishAsync("expect.a", 1, opts: new NatsJSPubOpts { MsgId = "1", ExpectedLastSubjectSequence = 0 }, cancellationToken: Ct)).EnsureSuccess();

        var ack = await js.PublishAsync("expect.a", 2, opts: new NatsJSPubOpts { ExpectedLastSubjectSequence = 7 }, cancellationToken: Ct);

        ack.Error.ShouldNotBeNull().ErrCode.ShouldBe(10071);
        ack.Error.Code.ShouldBe(400);
        Should.Throw<NatsJSApiException>(ack.EnsureSuccess).Error.ErrCode.ShouldBe(10071);
        (await js.PublishAsync("expect.a", 2, opts: new NatsJSPubOpts { ExpectedLastSequence = 7 }, cancellationToken: Ct)).Error.ShouldNotBeNull();
        (await js.PublishAsync("expect.a", 2, opts: new NatsJSPubOpts { ExpectedLastMsgId = "other" }, cancellationToken: Ct)).Error.ShouldNotBeNull();
        (await js.PublishAsync("expect.a", 2, opts: new NatsJSPubOpts { ExpectedStream = "OTHER" }, cancellationToken: Ct)).Error.ShouldNotBeNull();

        var all = new NatsJSPubOpts { MsgId = "2", ExpectedLastSequence = 1, ExpectedLastMsgId = "1", ExpectedStream = "EXPECT", ExpectedLastSubjectSequence = 1 };
        (await js.PublishAsync("expect.a", 2, opts: all, cancellationToken: Ct)).EnsureSuccess();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_full_stream_pushes_back_in_the_answer()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("FULL", ["full.>"]) { MaxMsgs = 1, Discard = StreamConfigDiscard.New, Retention = StreamConfigRetention.Workqueue }, Ct);

        (await js.PublishAsync("full.a", 1, cancellationToken: Ct)).EnsureSuccess();

        (await js.PublishAsync("full.a", 2, cancellationToken: Ct)).Error.ShouldNotBeNull().ErrCode.ShouldBe(10077);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_subject_without_stream_is_a_typed_error()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);

        await Should.ThrowAsync<NatsJSPublishNoResponseException>(async () => await js.PublishAsync("no.stream", 1, cancellationToken: Ct));

        var result = await js.TryPublishAsync("no.stream", 1, cancellationToken: Ct);
        result.Success.ShouldBeFalse();
        result.Error.ShouldBeOfType<NatsJSPublishNoResponseException>();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_window_of_publishes_is_stored_completely_and_in_order()
    {
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var stream = await js.CreateStreamAsync(new StreamConfig("WINDOW", ["window.>"]), Ct);

        var acks = await Task.WhenAll(Enumerable.Range(1, 5000).Select(async i => await js.PublishAsync("window.a", i, cancellationToken: Ct)));

        acks.Select(ack => ack.Seq).ShouldBe(Enumerable.Range(1, 5000).Select(i => (ulong)i));
        await stream.RefreshAsync(Ct);
        stream.Info.State.Messages.ShouldBe(5000);
        (await stream.GetAsync(new StreamMsgGetRequest { Seq = 4711 }, Ct)).Message.Data.ToArray().ShouldBe("4711"u8.ToArray());
    }
}
