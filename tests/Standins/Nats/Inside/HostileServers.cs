namespace Standins.Nats.Inside;

public sealed class HostileServers : IDisposable
{
    private static readonly string Endless = new('x', 100_000);

    private readonly FakeServer _server = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public static TheoryData<string> NoGreetings =>
    [
        "", "\r\n", "\n", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x16\x03\x01\x02\x00\r\n", Endless, "INFO {" + Endless, "INFO", "INFO \r\n", "INFO {\r\n", "INFO null\r\n", "INFO []\r\n",
        "INFO not json\r\n", "INFO {\"port\":\"many\"}\r\n", "INFO {\"max_payload\":99999999999999}\r\n", "PING\r\n", "PONG\r\n",
        "+OK\r\n", "MSG x 1 2\r\nok\r\n" + FakeServer.Info, "-ERR 'maximum connections exceeded'\r\n", "-ERR\r\n", "-ERR '" + Endless, FakeServer.Info + "MSG x 1 2\r\nok\r\n",
        FakeServer.Info + "-ERR 'Authorization Violation'\r\n", FakeServer.Info + "NONSENSE\r\n", FakeServer.Info + "PON",
    ];

    public static TheoryData<string> NoFrames =>
    [
        "\r\n", "NONSENSE\r\n", "\0\0\0\0\r\n", Endless, "INFO {\r\n", "MSG\r\n", "MSG x 1\r\n", "MSG x 1 -1\r\n", "MSG x 1 99999999999\r\n", "MSG x 1 2147483647\r\n", "MSG x 1 1001\r\n",
        "MSG x 99999999999 1\r\n", "MSG x 1 5\r\nhelloXX", "HMSG x 1 20 10\r\n", "HMSG x 1 -1 10\r\n", "HMSG x 1 12 5000\r\n", "-ERR '" + Endless,
    ];

    public static TheoryData<string> LastWords =>
    [
        "", "MS", "MSG x 1 5\r\nhel", "HMSG x 1 12 20\r\nNATS/1.0\r\n", "-ERR 'Stale Connection'\r\n", "-ERR 'Unknown Protocol Operation'\r\n", "-ERR 'Secure Connection - TLS Required'\r\n",
    ];

    public void Dispose() => _server.Dispose();

    [Theory(Timeout = Wait.TestTimeout)]
    [MemberData(nameof(NoGreetings))]
    public async Task What_is_no_greeting_is_a_typed_error(string text)
    {
        await using var nats = new NatsConnection(_server.Opts);
        var connect = nats.ConnectAsync().AsTask();
        using (var peer = await _server.AcceptAsync())
            await peer.SendAsync(text);

        await Should.ThrowAsync<NatsException>(connect.WaitAsync(Wait.Deadline, Ct));
        nats.ConnectionState.ShouldBe(NatsConnectionState.Closed);
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [MemberData(nameof(NoFrames))]
    public Task What_is_no_frame_costs_its_connection_and_the_next_one_serves(string text) => ServeTwiceAsync(text, peer => peer.ClosedAsync());

    [Theory(Timeout = Wait.TestTimeout)]
    [MemberData(nameof(LastWords))]
    public Task A_server_that_dies_in_the_middle_of_a_frame_or_says_why_is_replaced(string text) => ServeTwiceAsync(text, _ => Task.CompletedTask);

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task An_error_that_does_not_end_the_connection_is_told_and_no_more()
    {
        await using var nats = new NatsConnection(_server.Opts);
        var told = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        nats.ServerError += (_, args) =>
        {
            told.TrySetResult(args.Error);
            return default;
        };
        var subscribe = nats.SubscribeCoreAsync<string>("x", cancellationToken: Ct).AsTask();
        using var peer = await _server.GreetAsync();
        await using var subscription = await subscribe;

        await peer.SendAsync("INFO {\"connect_urls\":[\"http://x\",\"::\",null,\"\"]}\r\n");
        await peer.SendAsync("-ERR 'Permissions Violation for Subscription to \"x\"'\r\n+OK\r\nMSG other 77 2\r\nno\r\nHMSG x 1 8 8\r\ngarbage!\r\nMSG x 1 2\r\nok\r\n");

        (await told.Task.WaitAsync(Wait.Deadline, Ct)).ShouldContain("Permissions Violation");
        (await subscription.Msgs.ReadAsync(Ct)).Error.ShouldBeOfType<NatsHeaderParseException>();
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe("ok");
        nats.ConnectionState.ShouldBe(NatsConnectionState.Open);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Credentials_refused_twice_end_the_reconnecting()
    {
        await using var nats = new NatsConnection(_server.Opts);
        var subscribe = nats.SubscribeCoreAsync<string>("x", cancellationToken: Ct).AsTask();
        (await _server.GreetAsync()).Dispose();
        var subscription = await subscribe;

        for (var refusal = 0; refusal < 2; refusal++)
        {
            using var peer = await _server.AcceptAsync();
            await peer.SendAsync(FakeServer.Info + "-ERR 'Authorization Violation'\r\n");
            await peer.ClosedAsync();
        }

        await Should.ThrowAsync<NatsConnectionFailedException>(subscription.Msgs.Completion.WaitAsync(Wait.Deadline, Ct));
        nats.ConnectionState.ShouldBe(NatsConnectionState.Failed);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task What_comes_in_the_clear_before_the_handshake_is_refused()
    {
        await using var nats = new NatsConnection(_server.Opts);
        var connect = nats.ConnectAsync().AsTask();
        using var peer = await _server.AcceptAsync();

        await peer.SendAsync("INFO {\"tls_required\":true}\r\nINFO {\"tls_required\":true,\"connect_urls\":[\"evil:4222\"]}\r\n");

        (await Should.ThrowAsync<NatsException>(connect.WaitAsync(Wait.Deadline, Ct))).Message.ShouldContain("before the TLS handshake");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_that_reads_nothing_makes_publishers_wait_in_bounded_memory_until_cancelled()
    {
        const int Size = 64 * 1024;
        await using var nats = new NatsConnection(_server.Opts);
        var connect = nats.ConnectAsync().AsTask();
        using var peer = await _server.GreetAsync();
        await connect;
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        var accepted = 0;
        var publishers = Enumerable.Range(0, 50).Select(_ => PublishAsync()).ToList();

        var before = -1;
        while (before != Volatile.Read(ref accepted))
        {
            before = Volatile.Read(ref accepted);
            await Task.Delay(TimeSpan.FromSeconds(1), Ct);
        }

        // The buffers of the two sockets are the system's; behind them wait the limit and one message of each publisher.
        ((long)accepted * Size).ShouldBeLessThan(64 * 1024 * 1024);
        publishers.ShouldAllBe(publisher => !publisher.IsCompleted);
        await cancel.CancelAsync();
        foreach (var publisher in publishers)
            await Should.ThrowAsync<OperationCanceledException>(publisher.WaitAsync(Wait.Deadline, Ct));

        async Task PublishAsync()
        {
            for (; ; Interlocked.Increment(ref accepted))
                await nats.PublishAsync("x", new byte[Size], cancellationToken: cancel.Token);
        }
    }

    private async Task ServeTwiceAsync(string text, Func<FakeServer.Peer, Task> endAsync)
    {
        await using var nats = new NatsConnection(_server.Opts);
        var subscribe = nats.SubscribeCoreAsync<string>("x", cancellationToken: Ct).AsTask();
        using (var peer = await _server.GreetAsync())
        {
            await peer.ReadUntilAsync("SUB x 1\r\n");
            await peer.SendAsync("MSG x 1 5\r\nfirst\r\n" + text);
            await endAsync(peer);
        }

        using var next = await _server.GreetAsync();
        await next.ReadUntilAsync("SUB x 1\r\n");
        await next.SendAsync("MSG x 1 6\r\nsecond\r\n");
        await using var subscription = await subscribe;
        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(2)).Select(message => message.Data).ShouldBe(["first", "second"]);
    }
}
