using System.Collections.Concurrent;
using Messaging;
using Microsoft.Extensions.Logging;
using Support;

namespace Patterns;

/// <summary>What a relay does, whichever it is.</summary>
public abstract class RelayBehaviours(Servers servers)
{
    /// <summary>The relay's name in <c>Outbox:Relay</c>.</summary>
    protected abstract string Relay { get; }

    /// <summary>Whose log lines are the relay's.</summary>
    protected abstract string Logger { get; }

    protected Servers Servers { get; } = servers;

    [Fact]
    public async Task A_committed_message_is_published_at_once_without_waiting_for_a_poll()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport, ("Outbox:PollInterval", "00:01:00"));

        for (var i = 0; i < 20; i++)
        {
            await service.SendAsync(Messages.Entry("key", i));
            await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == i + 1, "it arrives");
        }

        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, 20));
    }

    [Fact]
    public async Task What_another_process_wrote_and_left_is_found()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);

        await WriteByHandAsync(
            database, """{"specversion":"1.0","id":"x","type":"t","source":"/s","time":"2026-01-01T00:00:00Z","partitionkey":"k"}""");

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");
    }

    [Fact]
    public async Task Two_services_side_by_side_keep_the_order_of_each_key_under_load()
    {
        const int keys = 40;
        const int perKey = 50;
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport { OnPublish = NotingKeysHeldTwice(out var overlaps) };
        await using var first = await StartAsync(database, transport, ("Outbox:MaxBatch", "32"));
        await using var second = await StartAsync(database, transport, ("Outbox:MaxBatch", "32"));
        TestService[] services = [first, second];

        await Task.WhenAll(Enumerable.Range(0, keys).Select(async key =>
        {
            for (var number = 0; number < perKey; number++)
                await services[(key + number) % 2].SendAsync(Messages.Entry($"key-{key}", number));
        }));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count >= keys * perKey, "all arrive");

        for (var key = 0; key < keys; key++)
            transport.NumbersOf($"key-{key}").ShouldBe(Enumerable.Range(0, perKey));
        transport.Arrived.Count.ShouldBe(keys * perKey, "nothing failed, so nothing is repeated");
        overlaps.ShouldBeEmpty("a key is in one relay's hands at a time");
    }

    [Fact]
    public async Task A_relay_that_dies_between_publish_and_commit_publishes_the_same_ids_again_in_order()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        var deaths = 0;
        transport.OnPublish = (batch, _) =>
        {
            if (Interlocked.Increment(ref deaths) > 3)
                return Task.FromResult(PublishOutcome.AllAcknowledged);
            transport.Take(batch); // the broker has them, and then the relay is gone
            throw new IOException("killed");
        };
        await using var service = await StartAsync(database, transport, ("Outbox:Relays", "1"));
        var entries = Enumerable.Range(0, 30).Select(i => Messages.Entry($"key-{i % 3}", i)).ToArray();

        await service.SendAsync(entries);
        await database.OutboxIsDrainedAsync();

        transport.Arrived.Count.ShouldBeGreaterThan(entries.Length);
        transport.Arrived.Select(message => message.Id).Distinct(StringComparer.Ordinal)
            .ShouldBe(entries.Select(entry => entry.Message.Message.Id), ignoreOrder: true);
        for (var key = 0; key < 3; key++)
            transport.NumbersOf($"key-{key}").ShouldBe(Enumerable.Range(0, 30).Where(i => i % 3 == key));
    }

    [Fact]
    public async Task What_the_broker_did_not_take_is_published_again_and_the_rest_is_not()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var refusals = new ConcurrentDictionary<string, int>(StringComparer.Ordinal);
        var transport = new RecordingTransport
        {
            OnPublish = (batch, _) => Task.FromResult(new PublishOutcome(
            [
                .. batch.Select((message, index) => (message, index))
                    .Where(each => each.message.Message.PartitionKey == "refused" && refusals.AddOrUpdate(each.message.Message.Id, 1, (_, n) => n + 1) <= 2)
                    .Select(each => new PublishFailure(each.index, new TransportException("no answer"))),
            ])),
        };
        await using var service = await StartAsync(database, transport);

        await service.SendAsync([.. Enumerable.Range(0, 50).Select(i => Messages.Entry(i % 10 == 0 ? "refused" : $"key-{i}", i))]);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 50, "all arrive");
        await database.OutboxIsDrainedAsync();

        transport.NumbersOf("refused").ShouldBe([0, 10, 20, 30, 40]);
        transport.Arrived.Select(message => message.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(50, "nothing that arrived is repeated");
    }

    [Fact]
    public async Task A_broker_that_is_down_is_waited_for_with_one_line_when_it_goes_and_one_when_it_is_back()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var down = true;
        var attempts = 0;
        var transport = new RecordingTransport
        {
            OnPublish = (_, _) =>
            {
                Interlocked.Increment(ref attempts);
                return Volatile.Read(ref down) ? throw new TransportException("the broker is down") : Task.FromResult(PublishOutcome.AllAcknowledged);
            },
        };
        await using var service = await StartAsync(database, transport, ("Outbox:MaxPause", "00:00:00.200"));

        await service.SendAsync([.. Enumerable.Range(0, 10).Select(i => Messages.Entry("key", i))]);
        await Eventually.BecomesTrueAsync(() => Volatile.Read(ref attempts) >= 8, "it tries several times");
        service.Logs.Of(Logger, LogLevel.Information).ShouldHaveSingleItem().ShouldContain("the broker is down");
        Volatile.Write(ref down, false);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 10, "all arrive");
        await Eventually.BecomesTrueAsync(() => service.Logs.Of(Logger, LogLevel.Information).Count == 2, "it says that it works again");
        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task A_message_that_is_too_large_for_the_broker_is_parked_with_its_cause_and_blocks_nobody()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport
        {
            OnPublish = (batch, _) => Task.FromResult(new PublishOutcome(
            [
                .. batch.Select((message, index) => (message.Message, index)).Where(each => Messages.NumberOf(each.Message) == 2)
                    .Select(each => new PublishFailure(each.index, new MessageTooLargeException(each.Message.Id, 2_000_000, 1_000_000))),
            ])),
        };
        await using var service = await StartAsync(database, transport);

        await service.SendAsync([.. Enumerable.Range(1, 4).Select(i => Messages.Entry("key", i))]);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 3, "the others arrive");
        await database.OutboxIsDrainedAsync();

        transport.NumbersOf("key").ShouldBe([1, 3, 4]);
        (await database.CountAsync("""
            messaging.parked where consumer = 'outbox' and state = 'dead' and cause like '%2000000 bytes%' and key = 'key'
              and topic = 'patterns.events' and convert_from(body, 'UTF8') = '{"number":2}'
            """)).ShouldBe(1);
        service.Logs.Of(Logger, LogLevel.Error).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task What_is_no_message_is_parked_and_blocks_nobody()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);

        await WriteByHandAsync(database, """{"id":"half a message"}""");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked") == 1, "it is parked");

        (await database.ReadAsync<string>("select cause from messaging.parked")).ShouldContain("type is missing");
        await database.OutboxIsDrainedAsync();
        transport.Arrived.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_relay_whose_database_session_is_killed_recovers_and_loses_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        var kills = 0;
        transport.OnPublish = async (_, _) =>
        {
            if (Interlocked.Increment(ref kills) <= 3)
                await KillSessionAsync(database);

            return PublishOutcome.AllAcknowledged;
        };
        await using var service = await StartAsync(database, transport);

        await service.SendAsync([.. Enumerable.Range(0, 100).Select(i => Messages.Entry($"key-{i % 5}", i))]);
        await database.OutboxIsDrainedAsync();

        kills.ShouldBeGreaterThan(3);
        transport.Arrived.Select(message => message.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(100);
        for (var key = 0; key < 5; key++)
            transport.NumbersOf($"key-{key}").ShouldBe(Enumerable.Range(0, 100).Where(i => i % 5 == key));
    }

    [Fact]
    public async Task A_service_that_stops_finishes_the_batch_in_hand()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var publishing = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        var transport = new RecordingTransport
        {
            OnPublish = async (_, cancellationToken) =>
            {
                publishing.TrySetResult();
                await answer.Task.WaitAsync(cancellationToken);
                return PublishOutcome.AllAcknowledged;
            },
        };
        await using var service = await StartAsync(database, transport);

        await service.SendAsync(Messages.Entry("key", 1));
        await publishing.Task;
        var stop = service.StopAsync();
        answer.SetResult();
        await stop;

        transport.NumbersOf("key").ShouldBe([1]);
        await using var next = await StartAsync(database, transport);
        await next.SendAsync(Messages.Entry("key", 2));
        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 2, "the next one arrives");
        transport.Arrived.Count.ShouldBe(2, "what arrived before the stop is not repeated");
    }

    [Fact]
    public async Task A_full_outbox_is_drained_without_loss_or_repeats_by_two_services()
    {
        const int count = 20_000;
        await using var database = await TestDatabase.CreateAsync(Servers);
        await using (var writer = await StartAsync(database, new RecordingTransport { OnPublish = (_, _) => throw new TransportException("not yet") }))
        {
            for (var i = 0; i < count; i += 1000)
                await writer.SendAsync([.. Enumerable.Range(i, 1000).Select(n => Messages.Entry($"key-{n % 100}", n))]);
        }

        var transport = new RecordingTransport();
        await using var first = await StartAsync(database, transport);
        await using var second = await StartAsync(database, transport);
        await database.OutboxIsDrainedAsync();

        transport.Arrived.Count.ShouldBe(count);
        transport.Arrived.Select(message => message.Id).Distinct(StringComparer.Ordinal).Count().ShouldBe(count);
        for (var key = 0; key < 100; key++)
            transport.NumbersOf($"key-{key}").ShouldBeInOrder();
    }

    /// <summary>Writes a message with these attributes, to the topic <c>patterns.events</c>, as foreign code would.</summary>
    protected abstract Task WriteByHandAsync(TestDatabase database, string attributes);

    /// <summary>Ends, from the server's side, the sessions that make a message the relay's own.</summary>
    protected abstract Task KillSessionAsync(TestDatabase database);

    protected Task<TestService> StartAsync(TestDatabase database, ITransport transport, params (string Key, string Value)[] settings) =>
        TestService.StartAsync(database, transport, configure: null, [("Outbox:Relay", Relay), .. settings]);

    /// <summary>Publishes slowly and notes every key that two batches hold at the same time.</summary>
    private static Func<IReadOnlyList<OutgoingMessage>, CancellationToken, Task<PublishOutcome>> NotingKeysHeldTwice(out ConcurrentBag<string> overlaps)
    {
        var seen = overlaps = [];
        var held = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        return async (batch, _) =>
        {
            var keys = batch.Select(message => message.Message.PartitionKey).Distinct(StringComparer.Ordinal).ToArray();
            foreach (var key in keys.Where(key => !held.TryAdd(key, value: true)))
                seen.Add(key);
            await Task.Yield();
            foreach (var key in keys)
                held.TryRemove(key, out var _);
            return PublishOutcome.AllAcknowledged;
        };
    }
}
