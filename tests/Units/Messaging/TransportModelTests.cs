using Messaging;

namespace Units.Messaging;

public sealed class TransportModelTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Orders.Events")]
    [InlineData("orders_events")]
    [InlineData("orders..events")]
    [InlineData("orders.events.")]
    [InlineData("orders.>")]
    [InlineData("orders events")]
    public void What_is_no_topic_name_on_every_broker_is_none_on_any(string name) =>
        Should.Throw<ArgumentException>(() => new TopicDefinition(name)).Message.ShouldContain($"'{name}'");

    [Fact]
    public void A_topic_has_a_partition_and_a_batch_a_message()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => new TopicDefinition("orders.events", 0)).ParamName.ShouldBe("Partitions");
        Should.Throw<ArgumentOutOfRangeException>(() => new Subscription("orders.events", "orders", MaxBatch: 0)).ParamName.ShouldBe("MaxBatch");
        Should.Throw<ArgumentOutOfRangeException>(() => new Subscription("orders.events", "orders", Prefetch: -1)).ParamName.ShouldBe("Prefetch");
        Should.Throw<ArgumentOutOfRangeException>(() => new Subscription("orders.events", "orders") with { MaxBatch = 0 });
    }

    [Theory]
    [InlineData("")]
    [InlineData("Orders.Questions")]
    [InlineData("orders.>")]
    public async Task What_is_no_address_can_neither_be_asked_nor_answer(string address)
    {
        Should.Throw<ArgumentException>(() => new Responder(address, "service"));
        Should.Throw<ArgumentOutOfRangeException>(() => new Responder("orders.questions", "service", Concurrency: 0)).ParamName.ShouldBe("Concurrency");
        await using var transport = new InMemoryTransport(new InMemoryBroker(), TimeProvider.System);
        var question = new Message { Id = "1", Type = "a.question.v1", Source = "/tests", Time = default, PartitionKey = "key", Body = default };
        await Should.ThrowAsync<ArgumentException>(() => transport.RequestAsync(address, question, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken));
    }
}
