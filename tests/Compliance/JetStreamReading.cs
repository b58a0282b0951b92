using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>What a read on JetStream has to outlast: consumers, connections and messages that go away under it.</summary>
public sealed class JetStreamReading
{
    private const string Topic = "orders.events";
    private const string Stream = "orders_events";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_live_read_outlasts_killed_servers_without_gap_or_repeat()
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stopping.CancelAfter(TimeSpan.FromSeconds(120));
        var publishing = PublishManyAsync();
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), stopping.Token))
        {
            read.Add(delivery);
            if (read.Count is 500 or 1_500 or 2_500)
            {
                await server.KillAsync();
                await server.StartAsync(Cancel);
            }

            if (read.Count == 4_000)
                break;
        }

        await publishing;
        foreach (var key in Messages.KeyPerPartition)
            read.Numbers(key).ShouldBe(Enumerable.Range(0, 1_000));

        async Task PublishManyAsync()
        {
            for (var from = 0; from < 1_000; from += 50)
                await PublishAsync(transport, Messages.KeyPerPartition, from, 50);
        }
    }

    [Fact]
    public async Task A_read_whose_consumer_is_removed_goes_on_behind_what_it_had()
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var jetStream = new NatsJSContext(nats);
        await PublishAsync(transport, ["key"], 0, 1_000);
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Present), Cancel))
        {
            read.Add(delivery);
            if (read.Count == 600)
                await jetStream.DeleteConsumerAsync(Stream, (await ConsumersAsync(jetStream)).ShouldHaveSingleItem(), Cancel);
        }

        read.Numbers("key").ShouldBe(Enumerable.Range(0, 1_000));
    }

    [Theory]
    [InlineData(30, true)]
    [InlineData(30, false)]
    [InlineData(100, false)]
    public async Task A_read_to_the_present_ends_though_the_newest_messages_are_gone(int gone, bool duringTheRead)
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await PublishAsync(transport, ["key"], 0, 1_000);
        if (!duringTheRead)
            await RemoveAsync();

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(20));
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Present), deadline.Token))
        {
            read.Add(delivery);
            if (duringTheRead && read.Count == 1)
                await RemoveAsync();
        }

        read.Numbers("key").ShouldBe(Enumerable.Range(0, 1_000 - gone));

        async Task RemoveAsync()
        {
            for (var sequence = 1_000 - gone + 1; sequence <= 1_000; sequence++)
                await CallAsync(nats, "STREAM.MSG.DELETE", $"{{\"seq\":{sequence}}}");
        }
    }

    [Fact]
    public async Task A_read_of_a_topic_that_lost_everything_ends_at_once()
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await PublishAsync(transport, ["key"], 0, 10);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        await CallAsync(nats, "STREAM.PURGE", "{}");
        (await ReadAsync(transport, ReadFrom.Beginning)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_live_read_from_behind_the_end_begins_with_the_next_message()
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await PublishAsync(transport, ["key"], 0, 10);
        var from = ReadFrom.Positions(Enumerable.Range(0, 4).ToDictionary(partition => partition, _ => 1_000L));
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        await using var reading = transport.ReadAsync(new ReadRequest(Topic, from, ReadUntil.Live), deadline.Token).GetAsyncEnumerator(Cancel);
        var next = reading.MoveNextAsync();
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var jetStream = new NatsJSContext(nats);
        while ((await ConsumersAsync(jetStream)).Count == 0)
            deadline.Token.ThrowIfCancellationRequested();

        await PublishAsync(transport, ["key"], 10, 1);
        (await next).ShouldBeTrue();
        reading.Current.Text().ShouldBe("10");
    }

    [Fact]
    public async Task Reading_leaves_no_consumer_behind_and_touches_none_of_a_group()
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await PublishAsync(transport, Messages.KeyPerPartition, 0, 10);
        await using var consumption = Consumption.Start(transport, new Subscription(Topic, "group"));
        await consumption.HandledAsync(40);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var jetStream = new NatsJSContext(nats);
        var before = await ConsumersAsync(jetStream);

        (await ReadAsync(transport, ReadFrom.Beginning)).Count.ShouldBe(40);
        await foreach (var _ in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), Cancel))
            break;
        (await ConsumersAsync(jetStream)).ShouldBe(before, ignoreOrder: true);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_topic_that_is_removed_while_it_is_read_is_a_typed_failure(bool andMadeAgain)
    {
        await using var server = new NatsServerProcess();
        await using var transport = await StartAsync(server);
        await PublishAsync(transport, ["key"], 0, 1_000);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var read = 0;
        var failure = await Should.ThrowAsync<TransportException>(async () =>
        {
            await foreach (var _ in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), Cancel))
            {
                if (++read != 1)
                    continue;
                await new NatsJSContext(nats).DeleteStreamAsync(Stream, Cancel);
                if (andMadeAgain)
                    await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
            }
        });
        failure.Message.ShouldContain(Topic);
        (failure is TopicNotFoundException).ShouldBe(!andMadeAgain);
    }

    private static async Task<JetStreamTransport> StartAsync(NatsServerProcess server)
    {
        await server.StartAsync(Cancel);
        var transport = new JetStreamTransport(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        return transport;
    }

    private static async Task PublishAsync(JetStreamTransport transport, string[] keys, int from, int count)
    {
        var outcome = await transport.PublishAsync([.. keys.SelectMany(key => Messages.Numbered(Topic, key, from, count))], Cancel);
        outcome.Failures.ShouldBeEmpty();
    }

    private static async Task<List<Delivery>> ReadAsync(JetStreamTransport transport, ReadFrom from)
    {
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, from, ReadUntil.Present), Cancel))
            read.Add(delivery);
        return read;
    }

    /// <summary>Calls the server's interface: the client need not offer what only tests do.</summary>
    private static async Task CallAsync(NatsConnection nats, string call, string request)
    {
        var reply = await nats.RequestAsync<string, string>($"$JS.API.{call}.{Stream}", request, cancellationToken: Cancel);
        reply.Data.ShouldNotBeNull().ShouldContain("\"success\":true");
    }

    private static async Task<List<string>> ConsumersAsync(NatsJSContext jetStream) =>
        await jetStream.ListConsumerNamesAsync(Stream, Cancel).ToListAsync(Cancel);
}
