using MassTransit;
using Messaging;
using Support;

namespace Patterns;

/// <summary>A contract that refuses what it must not hold, as contracts do.</summary>
public sealed record Bounded
{
    public Bounded(string key, int number)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(number);
        (Key, Number) = (key, number);
    }

    public string Key { get; }

    public int Number { get; }
}

public sealed class BoundedConsumer : IConsumer<Bounded>
{
    public Task Consume(ConsumeContext<Bounded> context) => Task.CompletedTask;
}

/// <summary>Whatever is wrong with one message or one queue, it stops nobody else.</summary>
public sealed class IsolationTests(Servers servers)
{
    private const string Unstorable = "nul \0 half \ud800 end";

    [Fact]
    public async Task Text_that_PostgreSQL_cannot_store_does_not_keep_a_message_from_being_dead()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var script = new CountingScript();
        await using var service = await Counting.StartAsync(database, broker, script, receive: options => options.Retry = RetryPolicy.Never);

        broker.Append(Messages.Topic, "hostile", id: null, [.. AttributesOf("no-such-type.v1"), new("odd", Unstorable)], "{}"u8.ToArray());
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead' and key = 'hostile'") == 1, "it is dead");
        await Counting.PublishAsync(service, 1, "other");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects") == 1, "others are handled");
    }

    [Fact]
    public async Task A_handlers_words_that_PostgreSQL_cannot_store_do_not_stop_the_partition()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        const string halved = "\U0001F600"; // Its halves lie on both sides of where a cause group ends.
        script.Before = (counted, _) => counted.Key == "hostile"
            ? throw new InvalidOperationException((Unstorable + new string('x', 199)).Insert(199 - "InvalidOperationException: ".Length, halved))
            : Task.CompletedTask;
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options => options.Retry = RetryPolicy.Never);

        await Counting.PublishAsync(service, 2, "hostile", "other");

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead' and key = 'hostile'") == 1, "it is dead");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects where key = 'other'") == 2, "others are handled");
    }

    [Fact]
    public async Task A_body_that_its_contract_refuses_is_dead_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        await using var service = await TestService.StartAsync(
            database, new RecordingTransport(new InMemoryTransport(broker, TimeProvider.System)), messaging =>
            {
                messaging.Messages([new MessageDefinition("patterns.bounded.v1", Messages.Topic, typeof(Bounded), message => ((Bounded)message).Key)]);
                messaging.Receive("bounded", [Messages.Topic], receiver => receiver.Consumer<BoundedConsumer>());
            });

        broker.Append(Messages.Topic, "key", id: null, AttributesOf("patterns.bounded.v1"), """{"key":"key","number":-1}"""u8.ToArray());

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead'") == 1, "it is dead");
        (await database.ReadAsync<string>("select cause from messaging.parked")).ShouldStartWith("undecodable: ");
    }

    [Fact]
    public async Task A_queue_that_cannot_be_worked_on_for_now_does_not_keep_the_others_from_their_turn()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Before = (counted, _) => (script.AttemptsAt(counted.Key, counted.Number), counted.Key) switch
        {
            (1, _) => throw new InvalidOperationException("at first"),
            (_, "down") => throw new Npgsql.NpgsqlException("down", new TimeoutException()),
            _ => Task.CompletedTask,
        };
        await using var service = await Counting.StartAsync(
            database, new InMemoryBroker(), script, options => options.Retry = RetryPolicy.Never.Then(TimeSpan.Zero, TimeSpan.Zero), ("Parked:Retriers", "1"));

        await Counting.PublishAsync(service, 1, "down");
        await Eventually.BecomesTrueAsync(() => script.AttemptsAt("down", 1) >= 2, "it is tried again in vain");
        await Counting.PublishAsync(service, 2, "up");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects where key = 'up'") == 2, "the other queue has its turn");

        (await database.ReadAsync<int>("select attempts from messaging.parked")).ShouldBe(1, "none was counted");
    }

    [Theory]
    [InlineData("table")]
    [InlineData("wal")]
    public async Task A_message_that_the_broker_never_takes_does_not_hold_up_the_others(string relay)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport
        {
            OnPublish = (batch, _) => Task.FromResult(new PublishOutcome(
            [
                .. batch.Index().Where(each => each.Item.Message.PartitionKey == "never")
                    .Select(each => new PublishFailure(each.Index, new Messaging.TransportException("no such topic"))),
            ])),
        };
        await using var service = await TestService.StartAsync(
            database, transport, configure: null, ("Outbox:Relay", relay), ("Outbox:Relays", "1"), ("Outbox:MaxBatch", "10"), ("Outbox:MaxPause", "00:05:00"));

        await service.SendAsync(Messages.Entry("never"));
        await service.SendAsync([.. Enumerable.Range(0, 300).Select(i => Messages.Entry($"key-{i}", i))]);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 300, "they arrive");
    }

    [Fact]
    public async Task A_copy_of_a_dead_message_has_no_attribute_that_a_broker_would_refuse()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var script = new CountingScript();
        var transport = new RecordingTransport(new InMemoryTransport(broker, TimeProvider.System));
        await using var service = await Counting.StartAsync(database, transport, script, Messages.Topic);

        broker.Append(Messages.Topic, "hostile", id: null, [.. AttributesOf("no-such-type.v1"), new("\u0001", "x"), new("plain", "y")], "{}"u8.ToArray());
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the copy leaves");

        transport.Arrived[0].Extensions["plain"].ShouldBe("y");
        transport.Arrived[0].Extensions.Keys.ShouldNotContain("\u0001");
    }

    private static List<KeyValuePair<string, string>> AttributesOf(string type)
    {
        var attributes = new List<KeyValuePair<string, string>>();
        CloudEvents.Write(
            Messages.New("hostile") with { Type = type }, attributes, static (list, name, value) => list.Add(KeyValuePair.Create(name, value)));
        return attributes;
    }
}
