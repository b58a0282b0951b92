using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Patterns;

/// <summary>The promises that a broker takes part in, on each of them.</summary>
public sealed class BrokerTests(Servers servers)
{
    private static readonly string[] Keys = ["a", "b", "c"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task The_order_of_a_key_is_kept_when_the_third_of_ten_messages_fails_twice(string broker)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var topic = NewTopic();
        var script = new CountingScript();
        script.Fail("a", 3, times: 3); // once in company, twice alone
        await using var service = await Counting.StartAsync(database, await ConnectAsync(broker), script, topic, options =>
            options.Retry = RetryPolicy.Never.Then(TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50), TimeSpan.FromMilliseconds(50)));

        await Counting.PublishToAsync(service, topic, 10, Keys);
        await Counting.AllHandledAsync(database, 30);

        foreach (var key in Keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 10));
    }

    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task A_dead_message_is_copied_to_the_dead_letters(string broker)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var topic = NewTopic();
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue, () => new InvalidOperationException("it cannot: ü, \"quoted\"\nand on a second line"));
        await using var service = await Counting.StartAsync(database, await ConnectAsync(broker), script, topic, options => options.Retry = RetryPolicy.Never);
        var message = Counting.Of("a", 1);

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(topic, message)));
        await using var reader = await ConnectAsync(broker);
        var copy = await FirstAsync(reader, DeadLetters.TopicOf(topic));

        copy.Type.ShouldBe(message.Type);
        copy.PartitionKey.ShouldBe("a");
        copy.Body.ToArray().ShouldBe(message.Body.ToArray());
        copy.Extensions["deadid"].ShouldBe(message.Id);
        copy.Extensions["deadcause"].ShouldBe("InvalidOperationException: it cannot: ü, \"quoted\" and on a second line");
        copy.Extensions["deadattempts"].ShouldBe("1");
        copy.Extensions["deadconsumer"].ShouldBe(Counting.GroupOf(topic));
    }

    [Theory]
    [InlineData("jetstream")]
    [InlineData("kafka")]
    public async Task A_message_that_is_published_again_after_the_brokers_deduplication_window_is_stored_twice_and_has_one_effect(string broker)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var topic = NewTopic();
        await using var transport = await ConnectAsync(broker);
        await transport.EnsureTopicsAsync([new TopicDefinition(topic)], Cancelled);
        OutgoingMessage[] once = [new OutgoingMessage(topic, Counting.Of("a", 1))];

        do
        {
            (await transport.PublishAsync(once, Cancelled)).Succeeded.ShouldBeTrue();
        }
        while (await CountAsync(transport, topic) < 2);

        await transport.PublishAsync([new OutgoingMessage(topic, Counting.Of("a", 2))], Cancelled);
        await using var service = await Counting.StartAsync(database, await ConnectAsync(broker), new CountingScript(), topic);
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects where number = 2") == 1, "the last one is handled");

        (await Counting.EffectsAsync(database, "a")).ShouldBe([1, 2]);
    }

    private static string NewTopic() => $"patterns-{Guid.NewGuid():N}.events";

    private async Task<ITransport> ConnectAsync(string broker) => broker == "kafka"
        ? new KafkaTransport(await servers.KafkaAsync(), new KafkaTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System)
        : new JetStreamTransport(
            await servers.NatsAsync(), new JetStreamTransportOptions { DuplicateWindow = TimeSpan.FromMilliseconds(500) }, NullLoggerFactory.Instance, TimeProvider.System);

    private static async Task<int> CountAsync(ITransport transport, string topic)
    {
        var count = 0;
        await foreach (var _ in transport.ReadAsync(new ReadRequest(topic, ReadFrom.Beginning, ReadUntil.Present), Cancelled))
            count++;
        return count;
    }

    private static async Task<Message> FirstAsync(ITransport transport, string topic)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(topic, ReadFrom.Beginning, ReadUntil.Live), limit.Token))
            return IncomingMessage.From(delivery).Message.ShouldNotBeNull();
        throw new InvalidOperationException("The reading ended.");
    }
}
