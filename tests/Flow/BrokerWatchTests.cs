using Compliance;
using Lab.Checking;
using Lab.History;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Flow;

/// <summary>What the passive reader of all topics promises, on a broker that dies under it.</summary>
public sealed class BrokerWatchTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Everything_published_is_seen_once_even_when_the_broker_is_killed_in_the_middle()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var publisher = Connect(server);
        await publisher.EnsureTopicsAsync([.. FlowTopics.All.Select(topic => new TopicDefinition(topic))], Cancel);
        await using var watch = new BrokerWatch(Connect(server), TimeProvider.System);
        watch.Start();
        var before = Orders(50);
        var after = Orders(50);

        await PublishAsync(publisher, before);
        await Eventually.HoldsAsync(() => watch.Ended == 50, "the first half was seen");
        await server.KillAsync();
        await server.StartAsync(Cancel);
        await PublishAsync(publisher, after);
        await Eventually.HoldsAsync(() => watch.Ended == 100, "the second half was seen, live");
        var seen = await watch.CloseAsync(Cancel);

        watch.Gaps.ShouldBeEmpty();
        seen.Select(message => message.MessageId).ShouldBe([.. before.Concat(after).Select(message => message.Message.Id)], ignoreOrder: true);
        watch.EndOf(Guid.Parse(after[0].Message.PartitionKey))!.State.ShouldBe(OrderStates.Confirmed);
        watch.EndOf(Guid.NewGuid()).ShouldBeNull();
    }

    [Fact]
    public async Task What_came_while_nobody_could_follow_is_read_at_the_end()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var publisher = Connect(server);
        await publisher.EnsureTopicsAsync([.. FlowTopics.All.Select(topic => new TopicDefinition(topic))], Cancel);
        var messages = Orders(20);
        await PublishAsync(publisher, messages);
        await using var watch = new BrokerWatch(Connect(server), TimeProvider.System);
        watch.Start();

        var seen = await watch.CloseAsync(Cancel);

        seen.Count.ShouldBe(20);
        watch.Ended.ShouldBe(20);
        watch.Gaps.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_broker_that_lost_what_was_read_before_leaves_a_gap()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var publisher = Connect(server);
        await publisher.EnsureTopicsAsync([.. FlowTopics.All.Select(topic => new TopicDefinition(topic))], Cancel);
        await using var watch = new BrokerWatch(Connect(server), TimeProvider.System);
        watch.Start();
        await PublishAsync(publisher, Orders(10));
        await Eventually.HoldsAsync(() => watch.Ended == 10, "all were seen");
        await using (var connection = new NatsConnection(new NatsOpts { Url = server.Url }))
            (await new NatsJSContext(connection).PurgeStreamAsync("orders_events", new StreamPurgeRequest(), Cancel)).Success.ShouldBeTrue();

        var seen = await watch.CloseAsync(Cancel);

        seen.Count.ShouldBe(10);
        watch.Gaps.ShouldBe(["10 messages that were read from orders.events while the run was on are no longer in the broker"]);
    }

    private static JetStreamTransport Connect(NatsServerProcess server) =>
        new(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    private static OutgoingMessage[] Orders(int count) =>
    [
        .. Enumerable.Range(0, count).Select(_ => new OutgoingMessage(FlowTopics.OrdersEvents, new Message
        {
            Id = Message.NewId(),
            Type = "orders.order-confirmed.v1",
            Source = "/tests",
            Time = DateTimeOffset.UtcNow,
            PartitionKey = Guid.NewGuid().ToString(),
            Body = "{}"u8.ToArray(),
        })),
    ];

    private static async Task PublishAsync(JetStreamTransport publisher, OutgoingMessage[] messages) =>
        (await publisher.PublishAsync(messages, Cancel)).Succeeded.ShouldBeTrue();
}
