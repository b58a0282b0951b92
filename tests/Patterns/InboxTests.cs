using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Support;

namespace Patterns;

public sealed class InboxTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_that_comes_again_later_has_no_second_effect()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));

        var first = await ReceiveAsync(service, "consumer", [message]);
        var again = await ReceiveAsync(service, "consumer", [message]);

        first.ShouldBe([Admission.Handle]);
        again.ShouldBe([Admission.Duplicate]);
        (await database.ReadAsync<int>("select count from things where id = 'key'")).ShouldBe(1);
    }

    [Fact]
    public async Task A_message_that_stands_twice_in_a_batch_is_a_duplicate_the_second_time()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var (one, two) = (Messages.New("key", 1), Messages.New("key", 2));

        var admissions = await ReceiveAsync(
            service, "consumer", [Messages.Incoming(one, 1), Messages.Incoming(two, 2), Messages.Incoming(one, 3)]);

        admissions.ShouldBe([Admission.Handle, Admission.Handle, Admission.Duplicate]);
    }

    [Fact]
    public async Task Consumers_have_inboxes_of_their_own()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));

        (await ReceiveAsync(service, "one", [message])).ShouldBe([Admission.Handle]);
        (await ReceiveAsync(service, "two", [message])).ShouldBe([Admission.Handle]);
    }

    [Fact]
    public async Task What_was_rolled_back_is_new_again()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));

        await using (var scope = service.CreateScope())
        {
            await scope.ServiceProvider.GetRequiredService<IReceiveStore>().AdmitAsync("consumer", [message], Cancelled);
            scope.ServiceProvider.GetRequiredService<TestDb>().Things.Add(new Thing { Id = "key" });
            await scope.ServiceProvider.GetRequiredService<TestDb>().SaveChangesAsync(Cancelled);
        }

        (await ReceiveAsync(service, "consumer", [message])).ShouldBe([Admission.Handle]);
        (await database.ReadAsync<int>("select count from things where id = 'key'")).ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_that_receive_the_same_messages_at_once_each_message_has_one_effect()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var first = await TestService.StartAsync(database, new RecordingTransport());
        await using var second = await TestService.StartAsync(database, new RecordingTransport());
        var batch = Enumerable.Range(0, 100).Select(i => Messages.Incoming(Messages.New($"key-{i}"), i)).ToArray();

        var both = await Task.WhenAll(ReceiveAsync(first, "consumer", batch), ReceiveAsync(second, "consumer", [.. batch.Reverse()]));

        both.Sum(admissions => admissions.Count(admission => admission == Admission.Handle)).ShouldBe(100);
        both.Sum(admissions => admissions.Count(admission => admission == Admission.Duplicate)).ShouldBe(100);
        (await database.CountAsync("things where count = 1")).ShouldBe(100);
    }

    [Fact]
    public async Task Two_that_receive_the_same_messages_in_opposite_orders_do_not_deadlock()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var (a, b, c) = (Incoming("a"), Incoming("b"), Incoming("c"));

        Task<IReadOnlyList<Admission>>[] both;
        await using (var scope = service.CreateScope())
        {
            // While b is taken, one comes from a and one from c; each would have what the other needs next.
            await scope.ServiceProvider.GetRequiredService<IReceiveStore>().AdmitAsync("consumer", [b], Cancelled);
            both = [ReceiveAsync(service, "consumer", [a, b, c]), ReceiveAsync(service, "consumer", [c, b, a])];
            await WaitersAreAsync(database, 2);
        }

        (await Task.WhenAll(both)).SelectMany(admissions => admissions).Count(admission => admission == Admission.Handle).ShouldBe(3);

        static IncomingMessage Incoming(string id) => Messages.Incoming(Messages.New("key") with { Id = id });
    }

    [Fact]
    public async Task While_one_receives_a_message_the_other_waits_for_what_becomes_of_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));

        Task<IReadOnlyList<Admission>> other;
        await using (var scope = service.CreateScope())
        {
            await scope.ServiceProvider.GetRequiredService<IReceiveStore>().AdmitAsync("consumer", [message], Cancelled);
            other = ReceiveAsync(service, "consumer", [message]);
            await WaitersAreAsync(database, 1);
        }

        (await other).ShouldBe([Admission.Handle], "the first one rolled back");
    }

    [Fact]
    public async Task Ids_of_any_length_and_content_are_told_apart()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        string[] ids = [new('x', 200), new('x', 201), new('x', 20_000), new string('x', 20_000) + "y", "a\0b", "a\ud800b", "a\ufffdb"];
        var batch = ids.Select((id, i) => Messages.Incoming(Messages.New($"key-{i}") with { Id = id }, i)).ToArray();

        (await ReceiveAsync(service, "consumer", batch)).ShouldAllBe(admission => admission == Admission.Handle);
        (await ReceiveAsync(service, "consumer", batch)).ShouldAllBe(admission => admission == Admission.Duplicate);
    }

    [Fact]
    public async Task Old_ids_are_forgotten_in_steps_and_young_ones_kept()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(
            database, new RecordingTransport(), settings: [("Inbox:PruneInterval", "00:00:00.100"), ("Inbox:PruneStep", "10")]);
        await ReceiveAsync(service, "consumer", [Messages.Incoming(Messages.New("key"))]);

        await database.ExecuteAsync("insert into messaging.inbox select 'consumer', n::text, now() - interval '8 days' from generate_series(1, 95) n");

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.inbox") == 1, "the old ones are gone");
        (await database.CountAsync("messaging.inbox where received_at > now() - interval '1 hour'")).ShouldBe(1);
    }

    [Fact]
    public async Task A_large_inbox_of_young_ids_is_not_read_whole_to_find_that_none_is_old()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport(), settings: [("Inbox:PruneInterval", "00:00:00.100")]);
        await database.ExecuteAsync("insert into messaging.inbox select 'consumer', n::text, now() from generate_series(1, 100000) n");
        await database.ExecuteAsync("analyze messaging.inbox");
        var before = await database.ReadAsync<long>("select idx_scan from pg_stat_user_indexes where indexrelname = 'inbox_age'");

        await Eventually.BecomesTrueAsync(
            async () => await database.CountAsync($"pg_stat_user_indexes where indexrelname = 'inbox_age' and idx_scan > {before + 20}") == 1,
            "it is looked for by age");
    }

    private static Task WaitersAreAsync(TestDatabase database, int count) => Eventually.BecomesTrueAsync(
        async () => await database.CountAsync("pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()") == count, "they wait");

    /// <summary>Receives as the pipeline does; the handler counts one up in the thing named by the key.</summary>
    internal static async Task<IReadOnlyList<Admission>> ReceiveAsync(TestService service, string consumer, IReadOnlyList<IncomingMessage> batch)
    {
        await using var scope = service.CreateScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        var admissions = await store.AdmitAsync(consumer, batch, Cancelled);
        for (var i = 0; i < batch.Count; i++)
        {
            if (admissions[i] == Admission.Handle && batch[i].Key is { Length: > 0 } key)
            {
                await db.Database.ExecuteSqlAsync(
                    $"insert into things values ({key}, 1) on conflict (id) do update set count = things.count + 1", Cancelled);
            }
        }

        await store.CommitAsync(Cancelled);
        return admissions;
    }
}
