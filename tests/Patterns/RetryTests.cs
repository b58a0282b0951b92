using System.ComponentModel.DataAnnotations;
using Messaging;
using Microsoft.Extensions.Logging;
using Support;

namespace Patterns;

public sealed class RetryTests(Servers servers)
{
    private static readonly string[] Keys = ["a", "b", "c"];

    [Fact]
    public async Task The_order_of_a_key_is_kept_when_the_third_of_ten_messages_fails_twice()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 3, times: 2);
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options =>
            options.Retry = RetryPolicy.Never.Then(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(20)));

        await Counting.PublishAsync(service, 10, Keys);
        await Counting.AllHandledAsync(database, 30);

        foreach (var key in Keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 10));
        script.AttemptsAt("a", 3).ShouldBeGreaterThanOrEqualTo(3);
    }

    [Fact]
    public async Task While_one_key_is_parked_its_followers_wait_and_all_other_keys_flow()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        var mended = new TaskCompletionSource();
        script.Before = (counted, _) => counted.Key == "a" && !mended.Task.IsCompleted ? throw new InvalidOperationException("not yet") : Task.CompletedTask;
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options =>
            options.Retry = RetryPolicy.Never.Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(20), 1000)]));

        await Counting.PublishAsync(service, 10, Keys);
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects") == 20, "the other keys are handled");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where key = 'a'") == 10, "all of the key wait");
        script.Attempts.Where(attempt => attempt.Key == "a").ShouldAllBe(attempt => attempt.Number == 1);
        mended.SetResult();
        await Counting.AllHandledAsync(database, 30);

        (await Counting.EffectsAsync(database, "a")).ShouldBe(Enumerable.Range(1, 10));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked_queues") == 0, "the queue is gone");
    }

    [Fact]
    public async Task What_arrives_while_the_queue_is_being_emptied_comes_after_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Before = (counted, _) => counted.Number % 7 == 0 && script.AttemptsAt(counted.Key, counted.Number) < 3
            ? throw new InvalidOperationException("not at once")
            : Task.CompletedTask;
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options =>
            options.Retry = RetryPolicy.Never.Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(2), 50)]));

        foreach (var number in Enumerable.Range(1, 150))
            await service.SendAsync([.. Keys.Select(key => new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of(key, number))))]);
        await Counting.AllHandledAsync(database, 450);

        foreach (var key in Keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 150));
    }

    [Fact]
    public async Task A_message_whose_attempts_are_used_up_is_dead_and_holds_its_key_back()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue);
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script);

        await Counting.PublishAsync(service, 3, "a", "b");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead'") == 1, "it is dead");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked_queues where due is null") == 1, "its queue is held");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where key = 'a'") == 3, "the others of its key wait behind it");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects where key = 'b'") == 3, "the other key goes on");

        script.AttemptsAt("a", 1).ShouldBeInRange(4, 5, "two at once and two later; in company first, if it came in a batch");
        (await database.CountAsync("""
            messaging.parked where state = 'dead' and attempts = 4 and retries = 2 and cause = 'InvalidOperationException: cannot count 1'
              and cause_group = 'InvalidOperationException: cannot count *' and jsonb_array_length(history) = 3
            """)).ShouldBe(1);
        (await database.CountAsync("messaging.parked where state = 'parked' and key = 'a'")).ShouldBe(2);
        (await Counting.EffectsAsync(database, "b")).ShouldBe([1, 2, 3]);
        (await Counting.EffectsAsync(database, "a")).ShouldBeEmpty();
    }

    [Fact]
    public async Task What_waited_behind_another_has_all_its_attempts_when_its_turn_comes()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Before = (counted, _) => counted.Number == 2 || script.AttemptsAt("a", 1) < 3 ? throw new InvalidOperationException("no") : Task.CompletedTask;
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options =>
            options.Retry = RetryPolicy.Immediately(1, TimeSpan.Zero).Then(TimeSpan.FromMilliseconds(1), TimeSpan.FromMilliseconds(1)));

        await Counting.PublishAsync(service, 2, "a");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead'") == 1, "the second is dead");

        (await Counting.EffectsAsync(database, "a")).ShouldBe([1]);
        (await database.CountAsync("messaging.parked where key = 'a' and attempts = 4 and retries = 2")).ShouldBe(1, "two at once and two later");
    }

    [Fact]
    public async Task A_long_queue_is_emptied_in_order_while_others_have_their_turn()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        var mended = false;
        script.Before = (counted, _) => mended ? Task.CompletedTask : throw new InvalidOperationException("not yet");
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options =>
            options.Retry = RetryPolicy.Never.Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(20), 10_000)]));

        await Counting.PublishAsync(service, 2_500, "long");
        await Counting.PublishAsync(service, 3, "short");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked") == 2_503, "all are parked");
        mended = true;
        await Counting.AllHandledAsync(database, 2_503);

        (await Counting.EffectsAsync(database, "long")).ShouldBe(Enumerable.Range(1, 2_500));
        (await Counting.EffectsAsync(database, "short")).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task An_exception_can_have_a_policy_of_its_own_and_an_invalid_message_is_dead_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript
        {
            Before = (counted, _) => counted.Key switch
            {
                "invalid" => throw new ValidationException("no"),
                "derived" => throw new InvalidOperationException("wrapped", new ArgumentNullException(nameof(counted))),
                _ => throw new NotSupportedException("otherwise"),
            },
        };
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, receive: options => options
            .RetryOn<ArgumentException>(RetryPolicy.Immediately(4, TimeSpan.Zero))
            .RetryOn<NotSupportedException>(RetryPolicy.Never.Then(TimeSpan.FromMilliseconds(1))));

        await Counting.PublishAsync(service, 1, "invalid", "derived", "otherwise");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where state = 'dead'") == 3, "all are dead");

        (await database.ReadAsync<int>("select attempts from messaging.parked where key = 'invalid'")).ShouldBe(1);
        (await database.ReadAsync<int>("select attempts from messaging.parked where key = 'derived'")).ShouldBe(5);
        (await database.ReadAsync<int>("select attempts from messaging.parked where key = 'otherwise'")).ShouldBe(2);
    }

    [Fact]
    public async Task A_parked_message_is_tried_again_after_a_restart_and_not_before_it_is_due()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue);
        await using (var first = await Counting.StartAsync(database, broker, script, options => options.Retry = RetryPolicy.Never.Then(TimeSpan.FromDays(10))))
        {
            await Counting.PublishAsync(first, 3, "a");
            await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked") == 3, "all are parked");
        }

        script.Before = (_, _) => Task.CompletedTask;
        await using var second = await Counting.StartAsync(database, broker, script);
        await Counting.PublishAsync(second, 1, "b");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("effects where key = 'b'") == 1, "it works");
        (await database.CountAsync("messaging.parked")).ShouldBe(3, "they are not due for days");
        await database.ExecuteAsync("update messaging.parked_queues set due = clock_timestamp()");
        await Counting.AllHandledAsync(database, 4);

        (await Counting.EffectsAsync(database, "a")).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Several_instances_share_the_retries_and_each_message_has_one_effect_in_order()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var keys = Enumerable.Range(0, 20).Select(key => $"key-{key}").ToArray();
        var script = new CountingScript();
        script.Before = (counted, _) => counted.Number % 3 == 0 && script.AttemptsAt(counted.Key, counted.Number) < 3
            ? throw new InvalidOperationException("not at once")
            : Task.CompletedTask;
        void Often(ReceiveOptions options) => options.Retry = RetryPolicy.Never.Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(5), 50)]);
        await using var first = await Counting.StartAsync(database, broker, script, Often, ("Parked:PollInterval", "00:00:00.020"));
        await using var second = await Counting.StartAsync(database, broker, script, Often, ("Parked:PollInterval", "00:00:00.020"));

        await Counting.PublishAsync(first, 12, keys);
        await Counting.AllHandledAsync(database, 240);

        foreach (var key in keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 12));
    }

    [Fact]
    public async Task A_retrier_whose_sessions_are_killed_goes_on_and_no_effect_is_lost_or_doubled()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        var kills = 0;
        script.Before = async (counted, _) =>
        {
            if (script.AttemptsAt(counted.Key, counted.Number) < 2)
                throw new InvalidOperationException("not at once");
            if (Interlocked.Increment(ref kills) <= 3)
                await database.ExecuteAsync("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'patterns'");
        };
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, options =>
            options.Retry = RetryPolicy.Never.Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(5), 100)]));

        await Counting.PublishAsync(service, 5, Keys);
        await Counting.AllHandledAsync(database, 15);

        kills.ShouldBeGreaterThan(3);
        foreach (var key in Keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 5));
    }

    [Fact]
    public async Task A_dependency_that_is_down_stops_the_retries_too_and_counts_no_attempt()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue);
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, options => options.Retry = RetryPolicy.Never.Then(TimeSpan.Zero, TimeSpan.FromDays(1)));
        await Counting.PublishAsync(service, 1, "a");
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where attempts = 2") == 1, "it failed twice");

        var down = true;
        script.Before = (_, _) => down ? throw new Npgsql.NpgsqlException("down", new TimeoutException()) : Task.CompletedTask;
        await database.ExecuteAsync("update messaging.parked_queues set due = clock_timestamp()");
        await Eventually.BecomesTrueAsync(() => script.AttemptsAt("a", 1) >= 5, "it probes");
        (await database.ReadAsync<int>("select attempts from messaging.parked")).ShouldBe(2);
        service.Logs.Of("ParkedRetrier", LogLevel.Warning).ShouldHaveSingleItem();
        down = false;

        await Counting.AllHandledAsync(database, 1);
    }

    [Fact]
    public async Task A_service_that_stops_finishes_the_retry_in_hand()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        var inHand = new TaskCompletionSource();
        var go = new TaskCompletionSource();
        script.Before = async (counted, token) =>
        {
            if (script.AttemptsAt(counted.Key, counted.Number) == 1)
                throw new InvalidOperationException("at first");
            inHand.TrySetResult();
            await go.Task.WaitAsync(token);
        };
        await using var service = await Counting.StartAsync(database, new InMemoryBroker(), script, options => options.Retry = RetryPolicy.Never.Then(TimeSpan.Zero, TimeSpan.Zero));

        await Counting.PublishAsync(service, 1, "a");
        await inHand.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        var stop = service.StopAsync();
        go.SetResult();
        await stop;

        (await Counting.EffectsAsync(database, "a")).ShouldBe([1]);
        (await database.CountAsync("messaging.parked")).ShouldBe(0);
    }
}
