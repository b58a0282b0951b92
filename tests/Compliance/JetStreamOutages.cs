using System.Collections.Concurrent;
using System.Text;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>A server that hangs or dies: everything waits no longer than it may, fails with a type, and works again afterwards.</summary>
public sealed class JetStreamOutages
{
    private const string Topic = "orders.events";
    private const string Address = "orders.questions";

    private static readonly JetStreamTransportOptions Impatient = new() { RequestTimeout = TimeSpan.FromSeconds(1), PublishTimeout = TimeSpan.FromSeconds(3) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task While_the_server_hangs_or_is_away_every_call_fails_in_time_and_afterwards_works(bool hangs)
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var transport = Connect(server, Impatient);
        await using var bucket = await PrepareAsync(transport);
        await WorksAsync(async () => await bucket.PutAsync("key", new byte[] { 1 }, Cancel) > 0);
        var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 10)).ToList();
        await (hangs ? server.FreezeAsync() : server.KillAsync());

        await FailsAsync(async () =>
        {
            var outcome = await transport.PublishAsync(batch, Cancel);
            outcome.Failures.Count.ShouldBe(batch.Count);
            throw outcome.Failures[0].Cause;
        });
        await FailsAsync(() => transport.EnsureTopicsAsync([new TopicDefinition("other.events")], Cancel));
        await FailsAsync(() => transport.ConsumeAsync(new Subscription(Topic, "group"), (_, _) => Task.CompletedTask, Cancel));
        await FailsAsync(async () => await ReadAsync(transport));
        await FailsAsync(() => bucket.GetAsync("key", Cancel).AsTask());
        await FailsAsync(() => bucket.PutAsync("key", new byte[] { 2 }, Cancel).AsTask());
        await FailsAsync(() => transport.RequestAsync(Address, Messages.Create("key", "?"), TimeSpan.FromSeconds(1), Cancel));

        await (hangs ? server.ThawAsync() : server.StartAsync(Cancel));
        await WorksAsync(async () => (await transport.PublishAsync(batch, Cancel)).Succeeded);
        var read = await ReadAsync(transport);
        foreach (var key in Messages.KeyPerPartition)
            read.Numbers(key).ShouldBe(Enumerable.Range(0, 10), "published again under the same ids, nothing is there twice");
        (await bucket.GetAsync("key", Cancel)).ShouldNotBeNull();
        await Should.ThrowAsync<NoRespondersException>(() => transport.RequestAsync(Address, Messages.Create("key", "?"), TimeSpan.FromSeconds(5), Cancel));
    }

    [Fact]
    public async Task A_subscription_a_live_read_a_responder_and_a_watch_outlast_a_server_that_hung()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var transport = Connect(server, Impatient);
        await using var bucket = await PrepareAsync(transport);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        await using var consumption = Consumption.Start(transport, new Subscription(Topic, "group", MaxBatch: 10, Prefetch: 20));
        var (read, seen) = (new ConcurrentQueue<Delivery>(), new ConcurrentQueue<string>());
        var reading = EnumerateAsync(transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), stopping.Token), read.Enqueue);
        var watching = EnumerateAsync(bucket.WatchAsync(stopping.Token), entry => seen.Enqueue(Encoding.UTF8.GetString(entry.Value.Span)));
        var responding = transport.RespondAsync(new Responder(Address, "service"), (message, _) => Task.FromResult(message), stopping.Token);
        await PublishAsync(0);
        await WorksAsync(async () => await bucket.PutAsync("key", "before"u8.ToArray(), Cancel) > 0);
        await WorksAsync(() => Task.FromResult(seen.Contains("before")));
        await consumption.HandledAsync(400);

        await server.FreezeAsync();
        await FailsAsync(() => transport.EnsureTopicsAsync([new TopicDefinition("other.events")], Cancel));
        await server.ThawAsync();

        await PublishAsync(100);
        await WorksAsync(async () => await bucket.PutAsync("key", "after"u8.ToArray(), Cancel) > 0);
        await WorksAsync(async () => (await transport.RequestAsync(Address, Messages.Create("key", "?"), TimeSpan.FromSeconds(5), Cancel)).Body.Length == 1);
        var deliveries = await consumption.HandledAsync(800);
        await WorksAsync(() => Task.FromResult(read.Count >= 800 && seen.Contains("after")));
        await stopping.CancelAsync();
        await Task.WhenAll(reading, watching, responding);
        foreach (var key in Messages.KeyPerPartition)
        {
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 200));
            read.Numbers(key).ShouldBe(Enumerable.Range(0, 200));
        }

        async Task PublishAsync(int from)
        {
            var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, from, 100)).ToList();
            await WorksAsync(async () => (await transport.PublishAsync(batch, Cancel)).Succeeded);
        }
    }

    [Fact]
    public async Task A_responder_that_stops_under_load_loses_no_request_to_its_service()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var asking = Connect(server);
        await using var staying = Connect(server);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var stays = staying.RespondAsync(new Responder(Address, "service"), (message, _) => Task.FromResult(message), stopping.Token);
        var answered = 0;
        await WorksAsync(async () => await AskAsync() > 0);
        var load = Task.WhenAll(Enumerable.Range(0, 8).Select(_ => AskManyAsync()));
        for (var i = 0; i < 20; i++)
        {
            using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            var (before, handled) = (0, new TaskCompletionSource());
            var leaves = asking.RespondAsync(new Responder(Address, "service"), (message, _) =>
            {
                if (Interlocked.Increment(ref before) == 20)
                    handled.SetResult();
                return Task.FromResult(message);
            }, leaving.Token);
            await Task.WhenAny(handled.Task, load).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
            await leaving.CancelAsync();
            await leaves;
        }

        await stopping.CancelAsync();
        await stays;
        await Should.ThrowAsync<NoRespondersException>(() => load);
        answered.ShouldBeGreaterThan(400);

        async Task AskManyAsync()
        {
            while (true)
                await AskAsync();
        }

        async Task<int> AskAsync()
        {
            (await asking.RequestAsync(Address, Messages.Create("key", "?"), TimeSpan.FromSeconds(10), Cancel)).PartitionKey.ShouldBe("key");
            return Interlocked.Increment(ref answered);
        }
    }

    private static JetStreamTransport Connect(NatsServerProcess server, JetStreamTransportOptions? options = null) =>
        new(server.Url, options ?? new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    /// <summary>A topic and a bucket, from a server that may have to be asked more than once.</summary>
    private static async Task<IKeyValueBucket> PrepareAsync(JetStreamTransport transport)
    {
        IKeyValueBucket? bucket = null;
        await WorksAsync(async () =>
        {
            await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
            bucket = await transport.OpenBucketAsync(new BucketDefinition("bucket"), Cancel);
            return true;
        });
        return bucket.ShouldNotBeNull();
    }

    private static async Task FailsAsync(Func<Task> call) =>
        await Should.ThrowAsync<TransportException>(() => call().WaitAsync(TimeSpan.FromSeconds(30), Cancel));

    /// <summary>Tries until it works: what the server was asked before it hung may be answered late.</summary>
    private static async Task WorksAsync(Func<Task<bool>> attempt)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        do
        {
            try
            {
                if (await attempt())
                    return;
            }
            catch (TransportException) when (!deadline.IsCancellationRequested)
            {
                // Not yet.
            }
        }
        while (await timer.WaitForNextTickAsync(deadline.Token));
    }

    private static async Task EnumerateAsync<T>(IAsyncEnumerable<T> items, Action<T> take)
    {
        try
        {
            await foreach (var item in items)
                take(item);
        }
        catch (OperationCanceledException)
        {
            // The test has seen enough.
        }
    }

    private static async Task<List<Delivery>> ReadAsync(JetStreamTransport transport)
    {
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Present), Cancel))
            read.Add(delivery);
        return read;
    }
}
