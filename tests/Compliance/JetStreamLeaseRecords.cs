using System.Collections.Concurrent;
using Messaging;
using Messaging.JetStream;
using Messaging.JetStream.Leases;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>What a member believes of its group, whatever clocks and servers do.</summary>
public sealed class JetStreamLeaseRecords(Servers servers)
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void When_the_clock_of_the_server_is_set_back_who_renews_counts_and_who_is_silent_does_not()
    {
        var clock = new Clock();
        var view = new GroupView(TimeSpan.FromSeconds(3), clock);
        view.Apply(new LeaseEntry("m-dead", "dead", 1, Noon));
        view.Apply(new LeaseEntry("m-live", "live", 2, Noon));

        clock.Advance(TimeSpan.FromSeconds(1));
        view.Apply(new LeaseEntry("m-live", "live", 3, Noon.AddHours(-1)));
        view.KeysInForce("m-").ShouldBe(["m-dead", "m-live"]);

        clock.Advance(TimeSpan.FromSeconds(2.5));
        view.Apply(new LeaseEntry("m-live", "live", 4, Noon.AddHours(-1).AddSeconds(2.5)));
        view.KeysInForce("m-").ShouldBe(["m-live"]);
    }

    [Fact]
    public void What_was_written_long_before_it_is_seen_is_not_in_force()
    {
        var view = new GroupView(TimeSpan.FromSeconds(3), new Clock());
        view.Apply(new LeaseEntry("m-dead", "dead", 1, Noon));
        view.Apply(new LeaseEntry("m-live", "live", 2, Noon.AddSeconds(10)));
        view.KeysInForce("m-").ShouldBe(["m-live"]);
        view.Of("m-dead", out _).ShouldBeNull("members come and go, and each comes under a new name");
    }

    [Fact]
    public async Task However_many_ask_for_the_bucket_it_is_opened_once()
    {
        var options = new JetStreamTransportOptions();
        await using var link = new JetStreamLink(await servers.NatsAsync(), options, NullLoggerFactory.Instance);
        using var bucket = new LeaseBucket(link, options);

        var stores = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => await bucket.OpenAsync(Cancel)));

        stores.Distinct().Count().ShouldBe(1);
    }

    [Fact]
    public async Task A_bucket_that_somebody_deleted_is_made_anew_when_the_server_has_had_time_to_remove_its_files()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        var options = new JetStreamTransportOptions();
        await using var link = new JetStreamLink(server.Url, options, NullLoggerFactory.Instance);
        using var bucket = new LeaseBucket(link, options);
        var old = await bucket.OpenAsync(Cancel);
        await old.PutAsync("group.p0", "one", cancellationToken: Cancel);

        var deleted = TimeProvider.System.GetTimestamp();
        await new NatsKVContext(old.JetStreamContext).DeleteStoreAsync("messaging-leases", Cancel);
        bucket.Forget();
        var made = await bucket.OpenAsync(Cancel);

        TimeProvider.System.GetElapsedTime(deleted).ShouldBeGreaterThan(TimeSpan.FromMilliseconds(900));
        (await made.PutAsync("group.p0", "other", cancellationToken: Cancel)).ShouldBe(1ul);
    }

    [Fact]
    public async Task A_bucket_that_another_process_made_meanwhile_is_used_at_once()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        var options = new JetStreamTransportOptions();
        await using var link = new JetStreamLink(server.Url, options, NullLoggerFactory.Instance);
        using var bucket = new LeaseBucket(link, options);
        using var otherBucket = new LeaseBucket(link, options);
        await link.OpenAsync(Cancel);
        await using var listener = new NatsConnection(new NatsOpts { Url = server.Url });
        await using var made = await listener.SubscribeCoreAsync<byte[]>("$JS.API.STREAM.CREATE.>", cancellationToken: Cancel);
        await listener.PingAsync(Cancel);
        var old = await bucket.OpenAsync(Cancel);
        var deleted = TimeProvider.System.GetTimestamp();
        await new NatsKVContext(old.JetStreamContext).DeleteStoreAsync("messaging-leases", Cancel);
        bucket.Forget();

        var waiting = bucket.OpenAsync(Cancel).AsTask();
        // Else this one would break what it makes.
        while (!waiting.IsCompleted && Directory.EnumerateDirectories(server.Data, "KV_messaging-leases", SearchOption.AllDirectories).Any())
            await Task.Delay(10, Cancel);
        var other = await otherBucket.OpenAsync(Cancel); // Never had it open: nothing tells this one to wait.
        var isInTime = !waiting.IsCompleted && TimeProvider.System.GetElapsedTime(deleted) < TimeSpan.FromMilliseconds(800);
        await other.PutAsync("group.p0", "other", cancellationToken: Cancel);

        (await (await waiting).GetEntryAsync<string>("group.p0", cancellationToken: Cancel)).Value.ShouldBe("other");
        await listener.PingAsync(Cancel); // The pong comes behind all that was sent to the listener before.
        if (isInTime)
            made.Msgs.Count.ShouldBe(2, "at first, and by the other");
    }

    [Fact]
    public async Task A_bucket_is_changed_only_where_it_is_otherwise_than_asked()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        var options = new JetStreamTransportOptions();
        await using var link = new JetStreamLink(server.Url, options, NullLoggerFactory.Instance);
        await link.OpenAsync(Cancel);
        await using var listener = new NatsConnection(new NatsOpts { Url = server.Url });
        await using var updates = await listener.SubscribeCoreAsync<byte[]>("$JS.API.STREAM.UPDATE.>", cancellationToken: Cancel);
        await listener.PingAsync(Cancel);
        var byHand = new NatsKVContext(link.JetStream);
        await byHand.CreateStoreAsync(new NatsKVConfig("messaging-leases") { History = 1, MaxAge = TimeSpan.FromHours(1) }, Cancel);
        using var bucket = new LeaseBucket(link, options);

        for (var opening = 0; opening < 3; opening++)
        {
            var store = await bucket.OpenAsync(Cancel);
            (await store.GetStatusAsync(Cancel)).Info.Config.MaxAge.ShouldBe(TimeSpan.FromMinutes(10));
            bucket.Forget();
        }

        await listener.PingAsync(Cancel); // The pong comes behind all that was sent to the listener before.
        updates.Msgs.Count.ShouldBe(1);
    }

    [Fact]
    public async Task Who_joins_under_a_name_that_another_process_goes_on_using_is_not_kept_out()
    {
        var url = await servers.NatsAsync();
        var topic = $"t{Guid.NewGuid():N}.events";
        var options = new JetStreamTransportOptions { InstanceId = "replica-1" };
        await using var transport = new JetStreamTransport(url, options, NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(topic)], Cancel);
        await using var link = new JetStreamLink(url, options, NullLoggerFactory.Instance);
        using var bucket = new LeaseBucket(link, options);
        var store = await bucket.OpenAsync(Cancel);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var other = AnnounceForEverAsync(store, $"{topic.Replace('.', '_')}.group.m-replica-1", stopping.Token);

        await using (Consumption.Start(transport, new Subscription(topic, "group", MaxBatch: 10, Prefetch: 20)))
        {
            using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            deadline.CancelAfter(TimeSpan.FromSeconds(30));
            while ((await transport.GetLagAsync(Cancel)).Count < 4)
                await timer.WaitForNextTickAsync(deadline.Token);
        }

        await stopping.CancelAsync();
        await other;
    }

    [Fact]
    public async Task A_consumer_opened_under_a_lease_that_has_ended_is_not_used_under_the_next()
    {
        var topic = $"t{Guid.NewGuid():N}.events";
        var options = new JetStreamTransportOptions();
        await using var link = new JetStreamLink(await servers.NatsAsync(), options, NullLoggerFactory.Instance);
        var topics = new JetStreamTopics(link, options);
        await topics.EnsureAsync([new TopicDefinition(topic)], Cancel);
        var subscription = new Subscription(topic, "group", MaxBatch: 10, Prefetch: 20);
        var consumer = new PartitionConsumer(
            link, topics, subscription, 0, 4, (_, _) => Task.CompletedTask, options, TimeProvider.System, NullLogger.Instance);
        await consumer.OpenAsync(Cancel);
        using var lease = new Lease(0, 1, TimeProvider.System.GetTimestamp(), TimeSpan.FromMinutes(1), TimeProvider.System, () => { }, Cancel);
        lease.Lose();

        await consumer.RunAsync(lease);

        (await consumer.ReadLagAsync(Cancel)).ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_subscription_stops_in_time_when_the_server_hangs_or_is_gone(bool isGone)
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        var topic = $"t{Guid.NewGuid():N}.events";
        var transport = new JetStreamTransport(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(topic)], Cancel);
        var consumption = Consumption.Start(transport, new Subscription(topic, "group", MaxBatch: 10, Prefetch: 20));
        (await transport.PublishAsync([.. Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(topic, key, 0, 10))], Cancel)).Failures.ShouldBeEmpty();
        await consumption.HandledAsync(40);
        if (isGone)
            await server.KillAsync();
        else
            await server.FreezeAsync();

        await consumption.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancel); // Less than a host waits before it gives up.
        await transport.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task When_all_leases_are_deleted_again_and_again_no_message_is_lost_and_none_overtakes_another()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        var topic = $"t{Guid.NewGuid():N}.events";
        await using var one = new JetStreamTransport(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await using var other = new JetStreamTransport(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await one.EnsureTopicsAsync([new TopicDefinition(topic)], Cancel);
        var handled = Messages.KeyPerPartition.ToDictionary(key => key, _ => new ConcurrentQueue<int>());
        var group = new Subscription(topic, "group", MaxBatch: 10, Prefetch: 20);
        await using var first = Consumption.Start(one, group, RecordAsync);
        await using var second = Consumption.Start(other, group, RecordAsync);
        await using var connection = new NatsConnection(new NatsOpts { Url = server.Url });
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        for (var round = 0; round < 4; round++)
        {
            deadline.CancelAfter(TimeSpan.FromSeconds(60));
            while (await CountKeysAsync() < 6)
                await Task.Delay(20, deadline.Token);
            await PublishAsync(round * 100);
            while (!handled.Values.All(numbers => numbers.Contains((round * 100) + 50)))
                await Task.Delay(20, deadline.Token);
            await new NatsKVContext(new NatsJSContext(connection)).DeleteStoreAsync("messaging-leases", Cancel);
        }

        while (!handled.Values.All(numbers => numbers.Contains(399)))
            await Task.Delay(20, deadline.Token);
        foreach (var numbers in handled.Values)
            numbers.Distinct().ShouldBe(Enumerable.Range(0, 400));

        Task RecordAsync(PartitionBatch batch, CancellationToken cancellationToken)
        {
            foreach (var delivery in batch.Deliveries)
                handled[delivery.Attribute("partitionkey")!].Enqueue(int.Parse(delivery.Text()));
            return Task.Delay(5, cancellationToken);
        }

        // Two members and the owners of four partitions: who claims a partition sees what the others write.
        async Task<long> CountKeysAsync()
        {
            try
            {
                return (await new NatsJSContext(connection).GetStreamAsync("KV_messaging-leases", cancellationToken: Cancel)).Info.State.Messages;
            }
            catch (NatsJSApiException missing) when (missing.Error.Code == 404)
            {
                return 0;
            }
        }

        async Task PublishAsync(int from)
        {
            var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(topic, key, from, 100)).ToList();
            (await one.PublishAsync(batch, Cancel)).Failures.ShouldBeEmpty();
        }
    }

    private static async Task AnnounceForEverAsync(INatsKVStore store, string key, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
            await store.PutAsync(key, "replica-1/other", cancellationToken: CancellationToken.None);
    }

    private sealed class Clock : TimeProvider
    {
        private long _now;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Advance(TimeSpan by) => _now += by.Ticks;

        public override long GetTimestamp() => _now;
    }
}
