namespace Standins.Nats.Inside;

/// <summary>What holds for the stand-in and not, or not as soon, for NATS.Net 3.1.</summary>
public class Stricter
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("")]
    [InlineData("http://localhost:4222")]
    [InlineData("nats://")]
    public void A_url_that_is_none_is_a_typed_error(string url) => Should.Throw<NatsException>(() => new NatsConnection(new NatsOpts { Url = url }));

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Dispose_sends_what_was_published_before()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var receiver = server.Connect();
        await using var subscription = await receiver.SubscribeCoreAsync<int>("last.words", cancellationToken: Ct);
        await receiver.PingAsync(Ct);

        var sender = server.Connect();
        await sender.ConnectAsync();
        for (var i = 0; i < 5000; i++)
            await sender.PublishAsync("last.words", i, cancellationToken: Ct);

        await sender.DisposeAsync();

        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(5000)).Count.ShouldBe(5000);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Retries_can_be_limited()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = new NatsConnection(server.Opts with { MaxReconnectRetry = 2 });
        await using var subscription = await nats.SubscribeCoreAsync<string>("x", cancellationToken: Ct);
        await server.KillAsync();

        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Failed, "failed");

        await Should.ThrowAsync<NatsConnectionFailedException>(async () => await nats.PublishAsync("x", "y", cancellationToken: Ct));
        await Should.ThrowAsync<NatsConnectionFailedException>(subscription.Msgs.Completion.WaitAsync(Wait.Deadline, Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_ambient_context_of_the_first_call_does_not_stay_with_the_connection()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var ambient = new AsyncLocal<string?> { Value = "first call" };
        await nats.ConnectAsync();
        ambient.Value = null;
        string? seen = "nothing";
        await using var subscription = await nats.SubscribeCoreAsync("context", serializer: new Probe(() => seen = ambient.Value), cancellationToken: Ct);

        await nats.PublishAsync("context", 1, cancellationToken: Ct);
        await subscription.Msgs.ReadAsync(Ct);

        seen.ShouldBeNull();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Consuming_that_waits_gets_what_is_published_after_the_restart()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("W", ["w.>"]), Ct);
        var consumer = await js.CreateOrUpdateConsumerAsync("W", new ConsumerConfig("worker"), Ct);
        await using var messages = consumer.ConsumeAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        var next = messages.MoveNextAsync().AsTask();
        await Wait.UntilAsync(async () => { await consumer.RefreshAsync(Ct); return consumer.Info.NumWaiting == 1; }, "a pull waits");

        await server.KillAsync();
        await server.StartAsync();
        (await js.PublishAsync("w.x", 1, cancellationToken: Ct)).EnsureSuccess();

        // Long before the silence of two heartbeat intervals (30 s) would be noticed: the reconnect itself asks again.
        (await next.WaitAsync(TimeSpan.FromSeconds(25), Ct)).ShouldBeTrue();
        messages.Current.Data.ShouldBe(1);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_cancelled_watch_throws_and_leaves_no_consumer_behind()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("cancel", Ct);
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var watch = store.WatchAsync<int>(cancellationToken: cancel.Token).ToListAsync(Ct).AsTask();
        await Wait.UntilAsync(async () => (await store.GetStatusAsync(Ct)).Info.State.ConsumerCount == 1, "watched");

        await cancel.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(watch.WaitAsync(Wait.Deadline, Ct));
        await Wait.UntilAsync(async () => (await store.GetStatusAsync(Ct)).Info.State.ConsumerCount == 0, "no consumers left");
    }

    private sealed class Probe(Action look) : INatsDeserialize<int>
    {
        public int Deserialize(in System.Buffers.ReadOnlySequence<byte> buffer)
        {
            look();
            return 0;
        }
    }
}
