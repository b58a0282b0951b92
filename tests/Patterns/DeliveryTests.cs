using Messaging;
using Support;

namespace Patterns;

/// <summary>What a crash between the effect and its settling does to the effect, in each of the three ways to deliver.</summary>
public sealed class DeliveryTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task At_least_once_repeats_the_effect() => (await CrashAsync(DeliveryMode.AtLeastOnce, inbox: false)).ShouldBe(2);

    [Fact]
    public async Task At_most_once_loses_an_effect_that_was_not_reached() =>
        (await CrashAsync(DeliveryMode.AtMostOnce, inbox: false, beforeTheEffect: true)).ShouldBe(0);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Effectively_once_neither_loses_nor_repeats_it(bool beforeTheEffect) =>
        (await CrashAsync(DeliveryMode.AtLeastOnce, inbox: true, beforeTheEffect)).ShouldBe(1);

    /// <summary>How often the effect of one message took place, with a member that dies while it has the message in hand, and one that comes after it.</summary>
    private async Task<int> CrashAsync(DeliveryMode mode, bool inbox, bool beforeTheEffect = false)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var broker = new InMemoryBroker();
        await using var dying = new InMemoryTransport(broker, TimeProvider.System);
        await using var next = new InMemoryTransport(broker, TimeProvider.System);
        await dying.EnsureTopicsAsync([new TopicDefinition(Messages.Topic, 1)], Cancelled);
        await dying.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New("key"))], Cancelled);
        var subscription = new Subscription(Messages.Topic, "consumer") { Mode = mode };

        var effects = 0;
        var inHand = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = dying.ConsumeAsync(subscription, async (batch, token) =>
        {
            if (!beforeTheEffect)
                await HandleAsync(batch);
            inHand.SetResult();
            await Task.Delay(Timeout.Infinite, token);
        }, Cancelled);
        await inHand.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancelled);
        await dying.DisposeAsync();
        await first;

        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        var handled = 0;
        var second = next.ConsumeAsync(subscription, async (batch, _) =>
        {
            await HandleAsync(batch);
            Interlocked.Add(ref handled, batch.Deliveries.Count);
        }, stopping.Token);
        await next.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New("last"))], Cancelled);
        await Eventually.BecomesTrueAsync(
            async () => (await next.GetLagAsync(Cancelled)).Sum(lag => lag.Messages) == 0 && handled > 0, "all is settled and the last message was handled");
        await stopping.CancelAsync();
        await second;
        return inbox ? await database.ReadAsync<int>("select count from things where id = 'key'") : effects;

        async Task HandleAsync(PartitionBatch batch)
        {
            foreach (var incoming in batch.Deliveries.Select(IncomingMessage.From))
            {
                if (inbox)
                    await InboxTests.ReceiveAsync(service, "consumer", [incoming]);
                else if (incoming.Key == "key")
                    effects++;
            }
        }
    }
}
