using System.Collections.Concurrent;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>Several processes of one group: each partition has one owner, who is replaced when he leaves, dies or sleeps.</summary>
public sealed class JetStreamLeases(Servers servers) : IAsyncLifetime
{
    // Nobody loses one because a machine is busy. A test of leases that end has members with those of every service.
    private static readonly JetStreamTransportOptions LongLeases = new() { LeaseDuration = TimeSpan.FromSeconds(20) };
    private static readonly JetStreamTransportOptions UsualLeases = new();

    private readonly string _topic = $"t{Guid.NewGuid():N}.events";
    private readonly List<JetStreamTransport> _transports = [];
    private readonly SleepingProcess _sleeper = new();
    private readonly ConcurrentDictionary<int, Gate> _gates = new();
    private string _url = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Subscription Group => new(_topic, "group", MaxBatch: 10, Prefetch: 20);

    public async ValueTask InitializeAsync()
    {
        _url = await servers.NatsAsync();
        await Connect().EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        _sleeper.Wake();
        foreach (var gate in _gates.Values)
            gate.Open();
        foreach (var transport in _transports)
            await transport.DisposeAsync();
        await _sleeper.DisposeAsync();
    }

    [Fact]
    public async Task Members_share_the_partitions_evenly_and_each_message_is_handled_once()
    {
        JetStreamTransport[] members = [Connect(), Connect(), Connect()];
        List<Consumption> consumptions = [.. members.Select(member => Consumption.Start(member, Group))];
        await EventuallyAsync(async () => (await OwnedAsync(members)).Select(owned => owned.Length).Order().SequenceEqual([1, 1, 2]));

        await PublishAsync(0, 50);

        await EventuallyAsync(() => consumptions.Sum(consumption => consumption.Deliveries.Count) >= 200);
        consumptions.SelectMany(consumption => consumption.Deliveries).Select(delivery => delivery.Position).ShouldBeUnique();
        (await OwnedAsync(members)).SelectMany(owned => owned).Order().ShouldBe(Enumerable.Range(0, 4));
        foreach (var consumption in consumptions)
            await consumption.StopAsync();
    }

    [Fact]
    public async Task The_first_processes_of_a_new_server_may_come_at_once()
    {
        for (var round = 0; round < 2; round++)
        {
            await using var server = new NatsServerProcess();
            await server.StartAsync(Cancel);
            _url = server.Url;
            JetStreamTransport[] first = [.. Enumerable.Range(0, 4).Select(_ => Connect())];
            await Task.WhenAll(first.Select(transport => transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel)));

            List<Consumption> consumptions = [.. first.Select((transport, i) => Consumption.Start(transport, Group with { Group = $"group{i}" }))];
            await EventuallyAsync(async () =>
            {
                foreach (var ended in consumptions.Where(consumption => consumption.Running.IsCompleted))
                    await ended.Running; // Why a group could not be joined tells more than that it was not.
                return (await OwnedAsync(first)).All(owned => owned.Length == 4);
            });

            foreach (var consumption in consumptions)
                await consumption.StopAsync();
            foreach (var transport in first)
                await transport.DisposeAsync();
        }
    }

    [Fact]
    public async Task Who_leaves_finishes_and_settles_what_is_in_hand_and_nothing_of_it_comes_again()
    {
        var (stays, leaves) = (Connect(), Connect());
        await using var staying = Consumption.Start(stays, Group);
        await using var leaving = Consumption.Start(leaves, Group);
        await EventuallyAsync(async () => (await OwnedAsync(stays, leaves)).All(owned => owned.Length == 2));
        await PublishAsync(0, 200);
        await leaving.HandledAsync(20);

        await leaving.StopAsync();

        await EventuallyAsync(() => staying.Deliveries.Count + leaving.Deliveries.Count >= 800);
        staying.Deliveries.Concat(leaving.Deliveries).Select(delivery => delivery.Position).ShouldBeUnique();
        foreach (var key in Messages.KeyPerPartition)
            leaving.Deliveries.Concat(staying.Deliveries).Numbers(key).Distinct().ShouldBe(Enumerable.Range(0, 200));
    }

    [Fact]
    public async Task Who_sleeps_longer_than_his_lease_is_replaced_and_settles_nothing_when_he_wakes()
    {
        await using var sleeping = Consumption.Start(Connect(UsualLeases, _sleeper), Group, (batch, _) => _gates.GetOrAdd(batch.Partition, _ => new Gate()).PassAsync(Cancel));
        await PublishAsync(0, 10);
        await EventuallyAsync(() => _gates.Count == 4);
        await Task.WhenAll(_gates.Values.Select(gate => gate.Reached));
        _sleeper.Sleep();

        await using var taking = Consumption.Start(Connect(UsualLeases), Group);
        var taken = await taking.HandledAsync(40);
        foreach (var key in Messages.KeyPerPartition)
            taken.Numbers(key).ShouldBe(Enumerable.Range(0, 10), "nothing that the sleeper holds is left out");

        _sleeper.Wake();
        foreach (var gate in _gates.Values)
            gate.Open();
        await PublishAsync(10, 10);
        await EventuallyAsync(() => taking.Deliveries.Concat(sleeping.Deliveries).Select(delivery => delivery.Position).Distinct().Count() == 80);
        await EventuallyAsync(() => sleeping.Batches.Count >= 4);

        // What he had in hand he finished, because this handler does not heed its token; after that he got nothing that was another's.
        var inHand = sleeping.Batches.Where(batch => batch.Deliveries.Any(delivery => int.Parse(delivery.Text()) < 10));
        inHand.Select(batch => batch.Partition).Order().ShouldBe(Enumerable.Range(0, 4), "one batch of each partition");
        foreach (var key in Messages.KeyPerPartition)
        {
            var woken = sleeping.Deliveries.Numbers(key).Where(number => number >= 10);
            woken.Concat(taking.Deliveries.Numbers(key).Where(number => number >= 10)).Order().ShouldBe(Enumerable.Range(10, 10), "each of the later ones once");
        }
    }

    [Fact]
    public async Task Order_per_key_holds_while_members_come_and_go_under_load()
    {
        var guestsAreGone = false;
        var handled = Messages.KeyPerPartition.ToDictionary(key => key, _ => new ConcurrentQueue<int>());
        var publishing = PublishManyAsync();
        var permanent = Consumption.Start(Connect(), Group, RecordAsync);
        for (var round = 0; round < 6; round++)
        {
            var guest = Connect();
            await using var visit = Consumption.Start(guest, Group, RecordAsync);
            await visit.HandledAsync(1);
            await visit.StopAsync();
        }

        Volatile.Write(ref guestsAreGone, true);
        var perKey = await publishing;
        await EventuallyAsync(() => handled.Values.All(numbers => numbers.Distinct().Count() == perKey));
        await permanent.StopAsync();
        foreach (var numbers in handled.Values)
            numbers.ShouldBe(Enumerable.Range(0, perKey), "every hand-over was in good order: nothing twice, nothing overtaken");

        Task RecordAsync(PartitionBatch batch, CancellationToken cancellationToken)
        {
            foreach (var delivery in batch.Deliveries)
                handled[delivery.Attribute("partitionkey")!].Enqueue(int.Parse(delivery.Text()));
            return Task.CompletedTask;
        }

        async Task<int> PublishManyAsync()
        {
            var published = 0;
            for (; published < 2_000 || !Volatile.Read(ref guestsAreGone); published += 20)
            {
                await PublishAsync(published, 20);
                await Task.Delay(20, Cancel);
            }

            return published;
        }
    }

    [Fact]
    public async Task Under_a_name_of_its_own_a_process_takes_over_at_once_what_it_held_before_it_died()
    {
        var options = new JetStreamTransportOptions { InstanceId = "replica-1", LeaseDuration = TimeSpan.FromMinutes(5) };
        var member = Connect(options, _sleeper);
        await using var died = Consumption.Start(member, Group);
        await PublishAsync(0, 10);
        await died.HandledAsync(40);
        await EventuallyAsync(async () => await member.GetLagAsync(Cancel) is { Count: 4 } lags && lags.All(lag => lag.Messages == 0));
        _sleeper.Sleep();

        await using var again = Consumption.Start(Connect(options), Group);
        await PublishAsync(10, 10);

        (await again.HandledAsync(40)).Select(delivery => int.Parse(delivery.Text())).ShouldAllBe(number => number >= 10);
        _sleeper.Wake();
    }

    [Fact]
    public async Task Who_joins_slowly_keeps_what_he_has_claimed_already()
    {
        var topic = $"t{Guid.NewGuid():N}.events";
        await _transports[0].EnsureTopicsAsync([new TopicDefinition(topic, 32)], Cancel);
        await using var distant = new SleepingProcess { Latency = TimeSpan.FromMilliseconds(10) };
        var member = Connect(UsualLeases, distant);

        await using var consuming = Consumption.Start(member, Group with { Topic = topic });

        await EventuallyAsync(async () => (await OwnedAsync(member))[0].Length == 32);
        await using var connection = new NatsConnection(new NatsOpts { Url = _url });
        var consumers = await new NatsJSContext(connection).ListConsumerNamesAsync(topic.Replace('.', '_'), Cancel).ToListAsync(Cancel);
        consumers.Order().ShouldBe(Enumerable.Range(0, 32).Select(partition => $"group-p{partition}-e1").Order(), "no partition was lost and claimed anew");
    }

    private JetStreamTransport Connect(JetStreamTransportOptions? options = null, SleepingProcess? sleeper = null)
    {
        var transport = new JetStreamTransport(
            sleeper?.Before(_url) ?? _url, options ?? LongLeases, NullLoggerFactory.Instance, sleeper?.Time ?? TimeProvider.System);
        _transports.Add(transport);
        return transport;
    }

    private async Task PublishAsync(int from, int count)
    {
        var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(_topic, key, from, count)).ToList();
        (await _transports[0].PublishAsync(batch, Cancel)).Failures.ShouldBeEmpty();
    }

    private static async Task<int[][]> OwnedAsync(params JetStreamTransport[] members)
    {
        var owned = new List<int[]>();
        foreach (var member in members)
            owned.Add([.. (await member.GetLagAsync(Cancel)).Select(lag => lag.Partition)]);
        return [.. owned];
    }

    private static Task EventuallyAsync(Func<bool> condition) => EventuallyAsync(() => Task.FromResult(condition()));

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
