using Messaging;

namespace Compliance;

/// <summary>A broker that goes away and comes back.</summary>
public abstract class Outages(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Publishing_waits_for_a_broker_that_restarts_and_keeps_the_order()
    {
        await using var broker = await OwnBrokerAsync();
        await using var transport = broker.Connect(TimeSpan.FromSeconds(60));
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        (await transport.PublishAsync(Numbered(0, 50), Cancel)).Succeeded.ShouldBeTrue();

        await broker.StopAsync();
        var waiting = transport.PublishAsync(Numbered(50, 200), Cancel);
        waiting.IsCompleted.ShouldBeFalse("the broker is away");
        await broker.StartAsync();
        (await waiting.WaitAsync(TimeSpan.FromSeconds(60), Cancel)).Failures.ShouldBeEmpty();

        await using var consumption = Consumption.Start(transport, Group());
        await consumption.HandledAsync(1_000);
        foreach (var key in Messages.KeyPerPartition)
            consumption.Deliveries.Numbers(key).Distinct().ShouldBe(Enumerable.Range(0, 250));
    }

    [Fact]
    public async Task Publishing_to_a_broker_that_stays_away_ends_with_a_typed_failure_and_finds_its_own_way_back()
    {
        await using var broker = await OwnBrokerAsync();
        await using var transport = broker.Connect(TimeSpan.FromSeconds(2));
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        await EventuallyAsync(() => PublishedAsync(transport, Numbered(0, 10)));

        await broker.StopAsync();
        var attempts = Enumerable.Range(0, 3).Select(_ => Should.ThrowAsync<TransportException>(() => transport.PublishAsync(Numbered(10, 10), Cancel)));
        await Task.WhenAll(attempts).WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await broker.StartAsync();

        await EventuallyAsync(() => PublishedAsync(transport, Numbered(10, 10)));
        await using var consumption = Consumption.Start(transport, Group());
        await consumption.HandledAsync(80);
        foreach (var key in Messages.KeyPerPartition)
            consumption.Deliveries.Numbers(key).Distinct().ShouldBe(Enumerable.Range(0, 20), "nothing is skipped and nothing overtakes");
    }

    [Fact]
    public async Task A_subscription_outlives_a_restart_of_the_broker()
    {
        await using var broker = await OwnBrokerAsync();
        await using var transport = broker.Connect(TimeSpan.FromSeconds(60));
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        await using var consumption = Consumption.Start(transport, Group());
        await transport.PublishAsync(Numbered(0, 10), Cancel);
        await consumption.HandledAsync(40);

        await broker.StopAsync();
        await broker.StartAsync();
        (await transport.PublishAsync(Numbered(10, 10), Cancel)).Failures.ShouldBeEmpty();
        await EventuallyAsync(() => Task.FromResult(
            Messages.KeyPerPartition.All(key => consumption.Deliveries.Numbers(key).Distinct().Count() == 20)));
        foreach (var key in Messages.KeyPerPartition)
            consumption.Deliveries.Numbers(key).Distinct().ShouldBe(Enumerable.Range(0, 20));
    }

    [Fact]
    public async Task A_subscription_waits_for_a_broker_that_is_away_and_stops_when_told()
    {
        await using var broker = await OwnBrokerAsync();
        var transport = broker.Connect(TimeSpan.FromSeconds(2));
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        await EventuallyAsync(() => PublishedAsync(transport, Numbered(0, 10)));
        await using var consumption = Consumption.Start(transport, Group());
        await consumption.HandledAsync(40);
        await broker.StopAsync();

        consumption.Running.IsCompleted.ShouldBeFalse();
        await consumption.StopAsync();
        await transport.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    private static List<OutgoingMessage> Numbered(string topic, int from, int count) =>
        [.. Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(topic, key, from, count))];

    private List<OutgoingMessage> Numbered(int from, int count) => Numbered(Topic, from, count);

    private static async Task<bool> PublishedAsync(ITransport transport, IReadOnlyList<OutgoingMessage> messages)
    {
        try
        {
            return (await transport.PublishAsync(messages, Cancel)).Succeeded;
        }
        catch (TransportException)
        {
            return false;
        }
    }

    private async Task<IOwnBroker> OwnBrokerAsync()
    {
        var broker = await UnderTest.StartOwnBrokerAsync();
        Assert.SkipWhen(broker is null, "A broker that can be taken away.");
        return broker;
    }
}
