using Messaging;
using Support;

namespace Patterns.Antipatterns;

/// <summary>
/// A consumer without an inbox, and two with one that is not in the transaction of the effect. The broker hands a message over
/// again until it is settled. What holds instead: <see cref="InboxTests"/>, <see cref="DeliveryTests"/>.
/// </summary>
public sealed class NoInboxTests(Servers servers)
{
    private const string Effect = "update things set count = count + 1 where id = 'account'";
    private const string Remember = "insert into messaging.inbox (consumer, message_id) values ('naive', 'message-1')";

    [Theory]
    [InlineData("no-inbox", new[] { 1, 1 })]
    [InlineData(null, new[] { 1 })]
    public async Task Without_an_inbox_a_message_that_comes_again_has_a_second_effect(string? antipattern, int[] effects)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var behind = new InMemoryTransport(new InMemoryBroker(), TimeProvider.System);
        await using var broker = new RecordingTransport(behind) { Deliveries = 2 };
        await using var service = await Broken.StartCountingAsync(database, broker, new CountingScript(), antipattern);

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 1))));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects") == effects.Length, "all had their effects");
        await Eventually.BecomesTrueAsync(
            async () => (await behind.GetLagAsync(TestContext.Current.CancellationToken)) is { Count: > 0 } lags && lags.All(lag => lag.Messages == 0),
            "both deliveries are settled");

        (await Counting.EffectsAsync(database, "a")).ShouldBe(effects);
    }

    [Theory]
    [InlineData("inbox-in-another-transaction", new[] { 2 })]
    [InlineData(null, new[] { 1, 2 })]
    public async Task An_inbox_committed_before_the_effect_loses_the_effect(string? antipattern, int[] effects)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: 1);
        await using var service = await Broken.StartCountingAsync(database, new InMemoryBroker(), script, antipattern);

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 1))));
        await Eventually.BecomesTrueAsync(() => script.AttemptsAt("a", 1) > 0, "the first message has failed");
        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 2))));

        (await Broken.EffectsUntilAsync(database, last: 2)).ShouldBe(effects);
        (await database.CountAsync("messaging.inbox")).ShouldBe(2, "the inbox knows both, whatever became of them");
    }

    [Fact]
    public async Task An_inbox_committed_after_the_effect_repeats_the_effect() => (await DeliverUntilSettledAsync(async (database, crash) =>
    {
        if (await IsKnownAsync(database))
            return;
        await database.ExecuteAsync(Effect);
        crash();
        await database.ExecuteAsync(Remember);
    })).ShouldBe(2);

    private static async Task<bool> IsKnownAsync(TestDatabase database) =>
        await database.CountAsync("messaging.inbox where consumer = 'naive' and message_id = 'message-1'") > 0;

    /// <summary>How often the effect took place when the process dies once, at the worst moment.</summary>
    private async Task<int> DeliverUntilSettledAsync(Func<TestDatabase, Action, Task> consumer)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await database.ExecuteAsync("insert into things values ('account', 0)");

        await Should.ThrowAsync<CrashException>(() => consumer(database, () => throw new CrashException()));
        await consumer(database, () => { });

        return await database.ReadAsync<int>("select count from things where id = 'account'");
    }
}
