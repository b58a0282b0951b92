using System.Text;
using Messaging;

namespace Compliance;

/// <summary>What is published arrives as it was, once, in order, or its failure is named.</summary>
public abstract class Publishing(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Every_attribute_and_the_body_survive_the_trip_in_any_script()
    {
        var sent = Messages.Create("Bestellung Nr. 7 *.> ключ 注文 🛒", "{\"größe\":\"XL\"}") with
        {
            Type = "orders.order-placed.v1",
            Source = "/orders?x=1&y=%20",
            Subject = "Grüße, \"quoted\" 100% 日本\r\nsecond line\t",
            DataSchema = "https://example.org/schemas/order-placed/1",
            DataContentType = "application/json; charset=utf-8",
            CorrelationId = "correlation",
            CausationId = Message.NewId(),
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=α",
            Extensions = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = " Åse & Øyvind " },
        };
        await PublishAsync(new OutgoingMessage(Topic, sent));
        await using var consumption = Consumption.Start(Transport, Group());
        var delivery = (await consumption.HandledAsync(1)).ShouldHaveSingleItem();

        delivery.Topic.ShouldBe(Topic);
        delivery.Partition.ShouldBe(Partitioner.PartitionOf(sent.PartitionKey, 4));
        delivery.Key.ShouldBe(sent.PartitionKey);
        CloudEvents.TryRead(delivery.Attributes, delivery.Body, out var received, out var error).ShouldBeTrue(error);
        received.Body.ToArray().ShouldBe(sent.Body.ToArray());
        received.Extensions.ShouldBe(sent.Extensions);
        (received with { Body = sent.Body, Extensions = sent.Extensions }).ShouldBe(sent);
    }

    [Fact]
    public async Task Two_thousand_messages_in_one_call_all_arrive_once_and_in_order_per_key()
    {
        var keys = Enumerable.Range(0, 40).Select(i => $"order-{i}").ToList();
        await PublishAsync(Enumerable.Range(0, 50).SelectMany(number => keys.SelectMany(key => Messages.Numbered(Topic, key, number, 1))));
        await using var consumption = Consumption.Start(Transport, Group());
        var deliveries = await consumption.HandledAsync(2_000);

        deliveries.Count.ShouldBe(2_000);
        foreach (var key in keys)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 50));
        deliveries.ShouldAllBe(delivery => delivery.Partition == Partitioner.PartitionOf(delivery.Key!, 4));
    }

    [Fact]
    public async Task A_key_may_be_long()
    {
        var key = string.Concat(Enumerable.Repeat("Schlüssel ", 500));
        await PublishAsync(Messages.Numbered(Topic, key, 0, 3));
        await using var consumption = Consumption.Start(Transport, Group());
        (await consumption.HandledAsync(3)).Numbers(key).ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task Nothing_to_publish_is_published_at_once() =>
        (await Transport.PublishAsync([], Cancel)).Succeeded.ShouldBeTrue();

    [Theory]
    [InlineData(0)]
    [InlineData(900 * 1024)]
    public async Task A_body_of_any_allowed_size_arrives_unchanged(int size)
    {
        var body = new byte[size];
        new Random(17).NextBytes(body);
        await PublishAsync(new OutgoingMessage(Topic, Messages.Create("key", body)));
        await using var consumption = Consumption.Start(Transport, Group());
        var delivery = (await consumption.HandledAsync(1)).ShouldHaveSingleItem();
        delivery.Body.Span.SequenceEqual(body).ShouldBeTrue();
    }

    [Fact]
    public async Task A_message_too_large_is_named_and_holds_back_its_key_only()
    {
        var (bad, good) = (Messages.KeyPerPartition[0], Messages.KeyPerPartition[1]);
        var tooLarge = Messages.Create(bad, new byte[Transport.Capabilities.LargestMessageBytes + 1]);
        var outcome = await Transport.PublishAsync(
        [
            .. Messages.Numbered(Topic, bad, 0, 1), new OutgoingMessage(Topic, tooLarge),
            .. Messages.Numbered(Topic, good, 0, 2), .. Messages.Numbered(Topic, bad, 1, 1),
        ], Cancel);

        outcome.Failures.Select(failure => failure.Index).ShouldBe([1, 4]);
        var cause = outcome.Failures[0].Cause.ShouldBeOfType<MessageTooLargeException>();
        cause.Message.ShouldContain(tooLarge.Id);
        cause.Size.ShouldBeGreaterThan(cause.Limit);
        outcome.Failures[1].Cause.ShouldBeOfType<PrecedingMessageFailedException>().FailedId.ShouldBe(tooLarge.Id);
        await using var consumption = Consumption.Start(Transport, Group());
        var deliveries = await consumption.HandledAsync(3);
        deliveries.Numbers(good).ShouldBe([0, 1]);
        deliveries.Numbers(bad).ShouldBe([0], "what stood behind the message that failed must not overtake it");
    }

    [Fact]
    public async Task A_message_published_twice_is_kept_as_often_as_the_capabilities_say()
    {
        var message = new OutgoingMessage(Topic, Messages.Create("key", "1"));
        var last = new OutgoingMessage(Topic, Messages.Create("key", "2"));
        await PublishAsync(message);
        await PublishAsync(message);
        await PublishAsync(message, last);
        await using var consumption = Consumption.Start(Transport, Group());

        var deduplicates = Transport.Capabilities.DeduplicationWindow > TimeSpan.Zero;
        var deliveries = await consumption.HandledAsync(deduplicates ? 2 : 4);
        deliveries.Numbers("key").ShouldBe(deduplicates ? [1, 2] : [1, 1, 1, 2]);
    }

    [Fact]
    public async Task A_message_published_again_after_the_deduplication_window_is_kept_again()
    {
        await using var transport = UnderTest.CreateForgetful();
        Assert.SkipWhen(transport is null, nameof(TransportCapabilities.DeduplicationWindow));
        var topic = new TopicDefinition("forgetful." + Topic);
        await transport.EnsureTopicsAsync([topic], Cancel);
        var message = new OutgoingMessage(topic.Name, Messages.Create("key", "1"));
        await using var consumption = Consumption.Start(transport, Group() with { Topic = topic.Name });
        await EventuallyAsync(async () =>
        {
            (await transport.PublishAsync([message], Cancel)).Failures.ShouldBeEmpty();
            return consumption.Deliveries.Count > 1;
        });
        consumption.Deliveries.ShouldAllBe(delivery => delivery.Attribute("id") == message.Message.Id);
    }

    [Fact]
    public async Task Publishing_can_be_cancelled()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => Transport.PublishAsync(Messages.Numbered(Topic, "key", 0, 10), cancelled.Token));
    }

    [Fact]
    public async Task A_broker_that_is_not_there_is_a_typed_failure_within_the_timeout()
    {
        await using var transport = UnderTest.CreateUnreachable();
        Assert.SkipWhen(transport is null, "Needs a broker that can be away.");
        await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel));
        await Should.ThrowAsync<TransportException>(() => transport.PublishAsync(Messages.Numbered(Topic, "key", 0, 3), Cancel));
        await Should.ThrowAsync<TransportException>(() => transport.ConsumeAsync(Group(), (_, _) => Task.CompletedTask, Cancel));
    }

    [Fact]
    public async Task A_message_without_attributes_reaches_the_handler_with_its_key()
    {
        await UnderTest.PublishForeignAsync(Topic, "чужой key", "not ours");
        await using var consumption = Consumption.Start(Transport, Group());
        var delivery = (await consumption.HandledAsync(1)).ShouldHaveSingleItem();

        delivery.Key.ShouldBe("чужой key");
        Encoding.UTF8.GetString(delivery.Body.Span).ShouldBe("not ours");
        CloudEvents.TryRead(delivery.Attributes, delivery.Body, out _, out var error).ShouldBeFalse();
        error.ShouldNotBeNull().ShouldContain("missing");
    }
}
