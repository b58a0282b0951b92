namespace Standins.Nats.Inside;

/// <summary>Pull requests that expire: nats-server 2.9 says nothing when a message comes at that moment, and never serves them again.</summary>
public sealed class Expiry : IDisposable
{
    private const string NextRequest = "PUB $JS.API.CONSUMER.MSG.NEXT.S.worker ";

    private static readonly TimeSpan NotInThisTest = TimeSpan.FromSeconds(30);

    private readonly FakeServer _server = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_fetch_ends_when_its_request_expires_without_a_word()
    {
        await using var nats = new NatsConnection(_server.Opts);
        var opts = new NatsJSFetchOpts { MaxMsgs = 10, Expires = TimeSpan.FromSeconds(1), IdleHeartbeat = NotInThisTest };
        var fetch = ConsumerOf(nats).FetchAsync<int>(opts, cancellationToken: Ct).CountAsync(Ct).AsTask();
        using var peer = await _server.GreetAsync();
        await peer.ReadUntilAsync(NextRequest);

        (await fetch.WaitAsync(Wait.Deadline, Ct)).ShouldBe(0);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Consuming_asks_again_when_its_request_expires_without_a_word_and_does_not_heed_it_later()
    {
        await using var nats = new NatsConnection(_server.Opts);
        var opts = new NatsJSConsumeOpts { MaxMsgs = 10, Expires = TimeSpan.FromSeconds(4), IdleHeartbeat = NotInThisTest };
        await using var messages = ConsumerOf(nats).ConsumeAsync<int>(opts: opts, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        var next = messages.MoveNextAsync().AsTask();
        using var peer = await _server.GreetAsync();

        await peer.ReadUntilAsync(NextRequest, times: 2);
        var inbox = peer.Text.Split(NextRequest)[1].Split(' ')[0];
        const string Status = "NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 10\r\nNats-Pending-Bytes: 0\r\n\r\n";
        await peer.SendAsync($"HMSG {inbox} 1 {Status.Length} {Status.Length}\r\n{Status}\r\n");
        await peer.SendAsync("MSG s.x 1 $JS.ACK.S.worker.1.1.1.1700000000000000000.0 1\r\n7\r\n");

        (await next.WaitAsync(Wait.Deadline, Ct)).ShouldBeTrue();
        messages.Current.Data.ShouldBe(7);
        var ping = nats.PingAsync(Ct).AsTask();
        await peer.ReadUntilAsync("PING", times: 2);
        await peer.SendAsync("PONG\r\n");
        await ping;
        peer.Text.Split(NextRequest).Length.ShouldBe(3, "two requests");
    }

    private static NatsJSConsumer ConsumerOf(NatsConnection nats) => new(
        new NatsJSContext(nats), new ConsumerInfo("S", "worker", new ConsumerConfig("worker"), new SequenceInfo(0, 0), new SequenceInfo(0, 0), 0, 0, 0, 0));
}
