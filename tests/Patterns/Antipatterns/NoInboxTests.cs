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

    [Fact]
    public async Task Without_an_inbox_a_message_that_comes_again_has_a_second_effect() => (await DeliverUntilSettledAsync(async (database, crash) =>
    {
        await database.ExecuteAsync(Effect);
        crash();
    })).ShouldBe(2);

    [Fact]
    public async Task An_inbox_committed_before_the_effect_loses_the_effect() => (await DeliverUntilSettledAsync(async (database, crash) =>
    {
        if (await IsKnownAsync(database))
            return;
        await database.ExecuteAsync(Remember);
        crash();
        await database.ExecuteAsync(Effect);
    })).ShouldBe(0);

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
