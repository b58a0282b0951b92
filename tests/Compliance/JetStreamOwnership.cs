using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>What JetStream does not give by itself: one owner per partition, and an order that redelivery cannot break.</summary>
public sealed class JetStreamOwnership(Servers servers)
{
    private readonly string _topic = $"t{Guid.NewGuid():N}.events";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private Subscription Group => new(_topic, "group", MaxBatch: 10, Prefetch: 20);

    [Fact]
    public async Task Each_ownership_has_a_consumer_of_its_own_and_leaves_none_behind()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        for (var epoch = 1; epoch <= 3; epoch++)
        {
            await PublishAsync(transport, epoch * 10, 10);
            await using var consumption = Consumption.Start(transport, Group);
            await consumption.HandledAsync(40);
            (await ConsumersAsync(url)).Keys.Order().ShouldBe(Enumerable.Range(0, 4).Select(partition => $"group-p{partition}-e{epoch}"));
            await consumption.StopAsync();
        }
    }

    [Fact]
    public async Task Subjects_name_partition_type_and_key()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        await transport.PublishAsync([new OutgoingMessage(_topic, Messages.Create("order 7.*", "1"))], Cancel);
        await using var connection = new NatsConnection(new NatsOpts { Url = url });
        var stream = await new NatsJSContext(connection).GetStreamAsync(_topic.Replace('.', '_'), cancellationToken: Cancel);
        var stored = await stream.GetAsync(new StreamMsgGetRequest { Seq = 1 }, Cancel);
        stored.Message.Subject.ShouldBe($"{_topic}.{Partitioner.PartitionOf("order 7.*", 4)}.transports.counted.v1.order%207%2E%2A");
    }

    [Fact]
    public async Task A_handler_that_takes_longer_than_the_acknowledgement_may_is_not_disturbed()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url, new JetStreamTransportOptions { AckWait = TimeSpan.FromMilliseconds(500) });
        var first = true;
        await using var consumption = Consumption.Start(transport, Group, async (_, token) =>
        {
            if (!first)
                return;
            first = false;
            await RedeliveredAsync(url, token);
        });
        await PublishAsync(transport, 0, 100);
        var deliveries = await consumption.HandledAsync(400);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 100));
        await EventuallyAsync(async () => await transport.GetLagAsync(Cancel) is { Count: > 0 } lags && lags.All(lag => lag.Messages == 0));
        consumption.Deliveries.Count.ShouldBe(400, "what the server repeated is not handed over twice");
    }

    [Fact]
    public async Task When_its_consumer_is_removed_the_owner_begins_again_where_it_was()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        await using var consumption = Consumption.Start(transport, Group);
        await PublishAsync(transport, 0, 50);
        await consumption.HandledAsync(200);
        await using (var connection = new NatsConnection(new NatsOpts { Url = url }))
        {
            var jetStream = new NatsJSContext(connection);
            foreach (var name in (await ConsumersAsync(url)).Keys)
                await jetStream.DeleteConsumerAsync(_topic.Replace('.', '_'), name, Cancel);
        }

        await PublishAsync(transport, 50, 50);
        var deliveries = await consumption.HandledAsync(400);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    public async Task When_the_stream_is_made_again_what_is_published_to_its_successor_is_consumed_from_the_first_message_on()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        await using var consumption = Consumption.Start(transport, Group);
        await using var connection = new NatsConnection(new NatsOpts { Url = url });
        for (var life = 0; life < 5; life++)
        {
            await PublishAsync(transport, life * 50, 50);
            await consumption.HandledAsync((life + 1) * 200);
            await new NatsJSContext(connection).DeleteStreamAsync(_topic.Replace('.', '_'), Cancel);
            await transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
        }

        await PublishAsync(transport, 250, 60);
        var deliveries = await consumption.HandledAsync(1_240);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 310));
    }

    [Fact]
    public async Task When_the_stream_is_made_again_while_a_handler_is_busy_the_group_finds_out()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        var gate = new Gate();
        await using var consumption = Consumption.Start(transport, Group, (batch, token) => batch.Partition == 0 ? gate.PassAsync(token) : Task.CompletedTask);
        await PublishAsync(transport, 0, 100);
        await gate.Reached;
        await consumption.HandledAsync(300);
        await using (var connection = new NatsConnection(new NatsOpts { Url = url }))
            await new NatsJSContext(connection).DeleteStreamAsync(_topic.Replace('.', '_'), Cancel);
        await transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
        await PublishAsync(transport, 100, 10);
        gate.Open();

        await EventuallyAsync(() => Task.FromResult(Messages.KeyPerPartition.All(key => consumption.Deliveries.Numbers(key).LastOrDefault(-1) == 109)));
        foreach (var key in Messages.KeyPerPartition)
            consumption.Deliveries.Numbers(key).Where(number => number >= 100).ShouldBe(Enumerable.Range(100, 10));
    }

    [Fact]
    public async Task A_topic_that_gets_more_partitions_while_it_is_consumed_is_an_error_in_place_of_the_lag()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        await using var consumption = Consumption.Start(transport, Group);
        await PublishAsync(transport, 0, 10);
        await consumption.HandledAsync(40);
        await using var connection = new NatsConnection(new NatsOpts { Url = url });
        var jetStream = new NatsJSContext(connection);
        var config = (await jetStream.GetStreamAsync(_topic.Replace('.', '_'), cancellationToken: Cancel)).Info.Config;
        config.Subjects = [.. Enumerable.Range(0, 8).Select(partition => $"{_topic}.{partition}.>")];
        await jetStream.UpdateStreamAsync(config, Cancel);

        TopicChangedException? change = null;
        await EventuallyAsync(async () =>
        {
            try
            {
                await transport.GetLagAsync(Cancel);
            }
            catch (TopicChangedException exception)
            {
                change = exception;
            }

            return change is not null;
        });
        change!.Message.ShouldContain("8");
        change.Message.ShouldContain("4");
    }

    [Fact]
    public async Task A_settled_position_that_the_stream_does_not_reach_skips_no_message()
    {
        var url = await servers.NatsAsync();
        await using var transport = await ConnectAsync(url);
        await using var connection = new NatsConnection(new NatsOpts { Url = url });
        for (var partition = 0; partition < 4; partition++)
        {
            var beyond = new ConsumerConfig($"group-p{partition}-e7")
            {
                DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence,
                OptStartSeq = 1_000,
                FilterSubject = $"{_topic}.{partition}.>",
                AckPolicy = ConsumerConfigAckPolicy.All,
            };
            await new NatsJSContext(connection).CreateOrUpdateConsumerAsync(_topic.Replace('.', '_'), beyond, Cancel);
        }

        await PublishAsync(transport, 0, 10);
        await using var consumption = Consumption.Start(transport, Group);
        var deliveries = await consumption.HandledAsync(40);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task A_server_killed_and_started_again_under_load_costs_no_message_and_no_order()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var transport = await ConnectAsync(server.Url);
        await using var consumption = Consumption.Start(transport, Group);
        var publishing = PublishManyAsync();
        for (var kill = 1; kill <= 3; kill++)
        {
            await consumption.HandledAsync(kill * 1_000);
            await server.KillAsync();
            await server.StartAsync(Cancel);
        }

        await publishing;
        var deliveries = await consumption.HandledAsync(8_000);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 2_000));

        async Task PublishManyAsync()
        {
            for (var from = 0; from < 2_000; from += 50)
                await PublishAsync(transport, from, 50);
        }
    }

    [Fact]
    public async Task When_the_server_goes_away_publishing_fails_in_time_and_a_subscription_waits_and_can_be_stopped()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var transport = await ConnectAsync(
            server.Url, new JetStreamTransportOptions { PublishTimeout = TimeSpan.FromSeconds(2), RequestTimeout = TimeSpan.FromSeconds(1) });
        await using var consumption = Consumption.Start(transport, Group);
        await PublishAsync(transport, 0, 10);
        await consumption.HandledAsync(40);
        await server.KillAsync();

        await Should.ThrowAsync<TransportException>(() => PublishAsync(transport, 10, 10)).WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        consumption.Running.IsCompleted.ShouldBeFalse();
        await consumption.StopAsync();
    }

    private async Task<JetStreamTransport> ConnectAsync(string url, JetStreamTransportOptions? options = null)
    {
        var transport = new JetStreamTransport(url, options ?? new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
        return transport;
    }

    private async Task PublishAsync(JetStreamTransport transport, int from, int count)
    {
        var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(_topic, key, from, count)).ToList();
        (await transport.PublishAsync(batch, Cancel)).Failures.ShouldBeEmpty();
    }

    /// <summary>Waits until the server has delivered something of the topic a second time.</summary>
    private Task RedeliveredAsync(string url, CancellationToken cancellationToken) =>
        EventuallyAsync(async () => (await ConsumersAsync(url)).Values.Any(info => info.NumRedelivered > 0)).WaitAsync(cancellationToken);

    private async Task<Dictionary<string, ConsumerInfo>> ConsumersAsync(string url)
    {
        await using var connection = new NatsConnection(new NatsOpts { Url = url });
        var consumers = new Dictionary<string, ConsumerInfo>(StringComparer.Ordinal);
        var (jetStream, stream) = (new NatsJSContext(connection), _topic.Replace('.', '_'));
        await foreach (var name in jetStream.ListConsumerNamesAsync(stream, Cancel))
        {
            try
            {
                consumers[name] = (await jetStream.GetConsumerAsync(stream, name, Cancel)).Info;
            }
            catch (NatsJSApiException gone) when (gone.Error.Code == 404)
            {
                // Removed meanwhile.
            }
        }

        return consumers;
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
