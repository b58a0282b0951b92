using Messaging;
using Support;

namespace Patterns;

public sealed class ScheduledMessageTests(Servers servers)
{
    [Fact]
    public async Task A_scheduled_message_comes_when_it_is_due_and_not_before()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport, settings: ("Outbox:PollInterval", "00:01:00"));
        var start = DateTimeOffset.UtcNow;
        var entries = Enumerable.Range(0, 20).Select(i => Messages.Entry($"key-{i}", i, start.AddMilliseconds(400 + (i * 37)))).ToArray();

        await service.SendAsync([.. entries.Reverse()]);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == entries.Length, "all arrive");

        var lateness = entries.Select(entry => transport.ArrivedAt[entry.Message.Message.Id] - entry.Due!.Value).ToArray();
        lateness.ShouldAllBe(late => late >= TimeSpan.Zero);
        lateness.Max().ShouldBeLessThan(TimeSpan.FromSeconds(20), "polling would find them after a minute");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_message_without_a_due_time_does_not_wait_for_one_of_its_key_that_has_one(bool scheduledFirst)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport);

        var (scheduled, atOnce) = (Messages.Entry("key", 1, DateTimeOffset.UtcNow.AddMinutes(10)), Messages.Entry("key", 2));
        await (scheduledFirst ? service.SendAsync(scheduled, atOnce) : service.SendAsync(atOnce, scheduled));

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the one without arrives");
        transport.NumbersOf("key").ShouldBe([2]);
        (await database.CountAsync("messaging.outbox where due is not null")).ShouldBe(1);
    }

    [Fact]
    public async Task A_scheduled_message_outlives_the_process_that_scheduled_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using (var first = await TestService.StartAsync(database, transport))
            await first.SendAsync(Messages.Entry("key", 1, DateTimeOffset.UtcNow.AddMinutes(10)));
        transport.Arrived.ShouldBeEmpty();
        await database.ExecuteAsync("update messaging.outbox set due = now()");

        await using var second = await TestService.StartAsync(database, transport);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");
    }

    [Fact]
    public async Task A_scheduled_message_can_be_taken_back_by_its_token_in_the_same_scope_or_a_later_one()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport);
        var (early, late, other) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        var due = DateTimeOffset.UtcNow.AddMinutes(10);

        await service.DoAsync((_, outbox) =>
        {
            outbox.Add(Messages.Entry("key", 1, due, early));
            outbox.Add(Messages.Entry("key", 2, due, late));
            outbox.Add(Messages.Entry("key", 3, due, other));
            outbox.Cancel(early);
        });
        (await database.CountAsync("messaging.outbox")).ShouldBe(2);
        await service.DoAsync((_, outbox) => outbox.Cancel(late));
        await database.ExecuteAsync("update messaging.outbox set due = now()");

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the one that was not taken back arrives");
        transport.NumbersOf("key").ShouldBe([3]);
        await database.OutboxIsDrainedAsync();
    }

    [Fact]
    public async Task Taking_back_a_message_that_is_on_its_way_neither_waits_for_the_broker_nor_stops_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var publishing = new TaskCompletionSource();
        var answer = new TaskCompletionSource();
        var transport = new RecordingTransport
        {
            OnPublish = async (_, cancellationToken) =>
            {
                publishing.SetResult();
                await answer.Task.WaitAsync(cancellationToken);
                return PublishOutcome.AllAcknowledged;
            },
        };
        await using var service = await TestService.StartAsync(database, transport);
        var token = Guid.NewGuid();
        await service.SendAsync(Messages.Entry("key", 1, DateTimeOffset.UtcNow, token));
        await publishing.Task;

        await service.DoAsync((_, outbox) => outbox.Cancel(token)).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        answer.SetResult();

        await database.OutboxIsDrainedAsync();
        transport.NumbersOf("key").ShouldBe([1]);
    }

    [Fact]
    public async Task A_token_may_be_used_again_in_the_scope_that_cancels_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport);
        var token = Guid.NewGuid();
        await service.SendAsync(Messages.Entry("key", 1, DateTimeOffset.UtcNow.AddMinutes(10), token));

        await service.DoAsync((_, outbox) =>
        {
            outbox.Cancel(token);
            outbox.Add(Messages.Entry("key", 2, DateTimeOffset.UtcNow.AddMilliseconds(100), token));
        });

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the second one arrives");
        transport.NumbersOf("key").ShouldBe([2]);
        await database.OutboxIsDrainedAsync();
    }
}
