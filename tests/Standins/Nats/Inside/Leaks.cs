using System.Runtime.CompilerServices;

namespace Standins.Nats.Inside;

/// <summary>Whatever state a connection is in, DisposeAsync ends what waits, closes its socket, and nothing keeps it alive.</summary>
public sealed class Leaks : IDisposable
{
    private readonly FakeServer _server = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _server.Dispose();

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Never_connected() => LeavesNothingAsync(_server.Opts, _ => Task.FromResult(Array.Empty<Task>()));

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Waiting_for_the_greeting() => LeavesNothingAsync(_server.Opts, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        var peer = await _server.AcceptAsync();
        return [connect, peer.ClosedAsync()];
    });

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Open_with_a_request_a_subscription_and_a_ping_under_way() => LeavesNothingAsync(_server.Opts, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        var peer = await _server.GreetAsync();
        await connect;
        var subscription = await nats.SubscribeCoreAsync<string>("x", cancellationToken: Ct);
        return [subscription.Msgs.Completion, nats.RequestAsync<string, string>("y", "?", cancellationToken: Ct).AsTask(), nats.PingAsync(Ct).AsTask(), peer.ClosedAsync()];
    });

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Consuming() => LeavesNothingAsync(_server.Opts, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        var peer = await _server.GreetAsync();
        await connect;
        var consumer = new NatsJSConsumer(new NatsJSContext(nats), new ConsumerInfo("S", "C", new ConsumerConfig(), new SequenceInfo(0, 0), new SequenceInfo(0, 0), 0, 0, 0, 0));
        var consume = consumer.ConsumeAsync<string>(opts: new NatsJSConsumeOpts { MaxMsgs = 10 }, cancellationToken: Ct).ToListAsync(Ct).AsTask();
        await peer.ReadUntilAsync("$JS.API.CONSUMER.MSG.NEXT.S.C");
        return [consume, peer.ClosedAsync()];
    });

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Reconnecting() => LeavesNothingAsync(_server.Opts, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        (await _server.GreetAsync()).Dispose();
        await connect;
        var peer = await _server.AcceptAsync();
        return [nats.PublishAsync("x", 1, cancellationToken: Ct).AsTask(), nats.RequestAsync<int, int>("x", 1, cancellationToken: Ct).AsTask(), peer.ClosedAsync()];
    });

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Given_up() => LeavesNothingAsync(_server.Opts with { MaxReconnectRetry = 1 }, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        (await _server.GreetAsync()).Dispose();
        await connect;
        (await _server.AcceptAsync()).Dispose();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Failed, "given up");
        return [];
    });

    [Fact(Timeout = Wait.TestTimeout)]
    public Task Held_by_a_server_that_reads_nothing() => LeavesNothingAsync(_server.Opts, async nats =>
    {
        var connect = nats.ConnectAsync().AsTask();
        await _server.GreetAsync();
        await connect;
        var held = Task.CompletedTask;
        while (held.IsCompleted)
        {
            held = nats.PublishAsync("x", new byte[500_000], cancellationToken: Ct).AsTask();
            await Task.WhenAny(held, Task.Delay(TimeSpan.FromSeconds(1), Ct));
        }

        return [held];
    });

    private static async Task LeavesNothingAsync(NatsOpts opts, Func<NatsConnection, Task<Task[]>> reachState)
    {
        var connection = await UseAsync(opts, reachState);

        await Wait.UntilAsync(
            () =>
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                return !connection.IsAlive;
            },
            "nothing refers to the connection");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<WeakReference> UseAsync(NatsOpts opts, Func<NatsConnection, Task<Task[]>> reachState)
    {
        var nats = new NatsConnection(opts);
        var waiting = await reachState(nats);

        await nats.DisposeAsync().AsTask().WaitAsync(Wait.Deadline, Ct);
        await Task.WhenAll(waiting).WaitAsync(Wait.Deadline, Ct).ContinueWith(all => all.Exception?.InnerExceptions.ShouldAllBe(e => !(e is TimeoutException)), TaskScheduler.Default);
        nats.ConnectionState.ShouldBe(NatsConnectionState.Closed);
        return new WeakReference(nats);
    }
}
