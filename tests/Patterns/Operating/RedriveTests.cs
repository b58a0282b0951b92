using Messaging;
using Npgsql;
using Support;

namespace Patterns;

public sealed class RedriveTests(Servers servers)
{
    [Fact]
    public async Task A_redriven_message_is_tried_again_at_once_before_those_that_wait_behind_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);
        await service.ParkAsync("a", 2, "parked", "waits");
        await service.ParkAsync("b", 1);
        await database.ExecuteAsync("update messaging.parked set retries = 2");

        (await service.OperateAsync("redrive", new { ids = new[] { dead } })).ShouldBe(["redriven"]);

        (await service.ParkedAsync()).ShouldBe(["a/1 parked", "a/2 parked", "b/1 dead"]);
        (await service.QueuesAsync()).ShouldBe(["key:a due", "key:b held"]);
        (await database.CountAsync($"messaging.parked where parked_id = {dead} and retries = 0 and attempts = 3 and history -> -1 ->> 'what' = 'redriven' and jsonb_array_length(history) = 2")).ShouldBe(1);
    }

    [Fact]
    public async Task A_redriven_message_is_handled_and_then_in_their_order_those_that_waited_behind_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue);
        var transport = new RecordingTransport(new InMemoryTransport(new InMemoryBroker(), TimeProvider.System));
        await using var service = await OperatedService.StartAsync(database, transport, messaging => Counting.Receive(messaging, script));
        await service.SendAsync("a", 10);
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked") == 10, "all of the key wait");
        await Eventually.BecomesTrueAsync(async () => (await service.QueuesAsync()) is ["key:a held"], "their queue is held");
        var listed = await service.GetAsync("/messages/parked?state=dead&key=a");
        var dead = listed.GetProperty("messages")[0].GetProperty("id").GetInt64();

        (await service.OperateAsync("redrive", new { group = new { consumer = Counting.GroupOf(Messages.Topic), cause = "InvalidOperationException: cannot count *" } }))
            .ShouldBe(["redriven"]);
        await Eventually.BecomesTrueAsync(
            async () => await database.CountAsync($"messaging.parked where parked_id = {dead} and state = 'dead' and jsonb_path_exists(history, '$[*] ? (@.what == \"redriven\")')") == 1,
            "it fails as often as the first time");
        await Eventually.BecomesTrueAsync(async () => (await service.QueuesAsync()) is ["key:a held"], "their queue is held again");
        script.Before = (_, _) => Task.CompletedTask;
        (await service.OperateAsync("redrive", new { ids = new[] { dead } })).ShouldBe(["redriven"]);

        await Counting.AllHandledAsync(database, 10);
        (await Counting.EffectsAsync(database, "a")).ShouldBe(Enumerable.Range(1, 10));
    }

    [Fact]
    public async Task Each_chosen_message_has_an_outcome()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);
        var behind = await service.ParkAsync("a", 2, "parked");
        var retried = await service.ParkAsync("b", 1, "parked");
        var busy = await service.ParkAsync("c", 1);
        var keyless = await service.ParkAsync(null, 1);
        await using var retrier = await HoldQueueAsync(database, "key:c");

        (await service.OperateAsync("redrive", new { ids = new[] { keyless, dead, behind, retried, busy, 4711, dead } }))
            .ShouldBe(["redriven", "waiting", "waiting", "busy", "redriven", "gone"]);

        (await service.QueuesAsync()).ShouldContain("key:c held");
        (await service.QueuesAsync()).ShouldContain("key:b later");
    }

    [Fact]
    public async Task What_dies_after_the_choice_was_made_is_not_touched()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkAsync("a", 1);
        await service.ParkAsync("b", 1);
        await service.ParkAsync("other", 1, cause: "something else");
        await service.ParkAsync("another", 1, consumer: "somebody else");
        var groups = (await service.GetAsync("/messages/parked/causes")).GetProperty("groups").EnumerateArray();
        var upTo = groups.Single(group => group.GetProperty("cause").GetString() == "it broke" && group.GetProperty("consumer").GetString() == "counting")
            .GetProperty("upTo").GetInt64();
        await service.ParkAsync("late", 1);

        (await service.OperateAsync("redrive", new { group = new { consumer = "counting", cause = "it broke" }, upTo })).ShouldBe(["redriven", "redriven"]);

        (await service.ParkedAsync()).ShouldBe(["a/1 parked", "b/1 parked", "other/1 dead", "another/1 dead", "late/1 dead"]);
    }

    [Fact]
    public async Task A_group_of_2500_is_frozen_at_the_call_and_redriven_once_while_the_same_failure_goes_on()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkManyAsync(2_500, "it broke");
        using var stop = new CancellationTokenSource();
        var failing = FailAgainAsync(database, service, stop.Token);

        var (status, report) = await service.PostAsync("/messages/parked/redrive", new { group = new { consumer = "counting", cause = "it broke" } });
        await stop.CancelAsync();
        await failing;

        status.ShouldBe(200);
        var selected = report.GetProperty("selected").GetInt32();
        selected.ShouldBeGreaterThanOrEqualTo(2_500); // The first newcomers may have been there at the moment of the call.
        report.GetProperty("remaining").GetInt64().ShouldBe(0);
        report.GetProperty("counts").GetProperty("redriven").GetInt32().ShouldBe(selected);
        report.GetProperty("outcomes").GetArrayLength().ShouldBe(selected);
        (await database.CountAsync("messaging.parked where jsonb_path_query_array(history, '$[*].what') @> '[\"redriven\"]'")).ShouldBe(selected);
        (await database.ReadAsync<int>("select max(jsonb_array_length(history)) from messaging.parked where message_id like 'it broke%'")).ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_operators_who_redrive_the_same_messages_one_gets_each()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkManyAsync(1_000, "it broke");
        var everything = new { group = new { consumer = "counting", cause = "it broke" }, upTo = 1_000 };

        var reports = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => service.OperateAsync("redrive", everything)));

        reports.Sum(outcomes => outcomes.Count(outcome => outcome == "redriven")).ShouldBe(1_000);
        reports.SelectMany(outcomes => outcomes).Except(["redriven", "busy", "waiting"], StringComparer.Ordinal).ShouldBeEmpty();
        (await database.CountAsync("messaging.parked where state = 'parked' and jsonb_array_length(history) = 1")).ShouldBe(1_000);
    }

    [Fact]
    public async Task What_the_broker_refused_is_sent_again_under_its_id_and_in_its_order()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await OperatedService.StartAsync(database, transport);
        var ids = new[] { await service.ParkAsync("a", 1, consumer: "outbox"), await service.ParkAsync("a", 2, consumer: "outbox") };
        var sent = await database.ReadAsync<string[]>("select array_agg(message_id order by parked_id) from messaging.parked");
        await database.ExecuteAsync("insert into messaging.parked_queues (consumer, queue) values ('outbox', 'id:x')");
        var broken = await database.ReadAsync<long>("""
            insert into messaging.parked (consumer, message_id, topic, attributes, body, queue, state, cause, cause_group, attempts)
            values ('outbox', 'x', 'patterns.events', '{}', '', 'id:x', 'dead', 'no message', 'no message', 1) returning parked_id
            """);

        (await service.OperateAsync("redrive", new { ids = new[] { ids[1], broken, ids[0] } })).ShouldBe(["redriven", "redriven", "unreadable"]);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "both are sent");
        transport.Arrived.Select(message => message.Id).ShouldBe(sent);
        (await database.CountAsync("messaging.parked")).ShouldBe(1);
        (await service.QueuesAsync()).ShouldBe(["id:x held"]);
    }

    private static async Task FailAgainAsync(TestDatabase database, OperatedService service, CancellationToken stop)
    {
        for (var number = 1; !stop.IsCancellationRequested; number++)
        {
            await service.ParkAsync($"new {number}", number);
            // What was redriven fails at once again: a second redrive of it would show in its history.
            await database.ExecuteAsync("update messaging.parked set state = 'dead' where state = 'parked'");
        }
    }

    /// <summary>Holds a queue as a retrier does, until it is disposed.</summary>
    internal static async Task<IAsyncDisposable> HoldQueueAsync(TestDatabase database, string queue, string strength = "no key update")
    {
        var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var hold = new NpgsqlCommand($"begin; select true from messaging.parked_queues where queue = '{queue}' for {strength}", connection);
        (await hold.ExecuteScalarAsync(TestContext.Current.CancellationToken)).ShouldBe(true);
        return connection;
    }
}
