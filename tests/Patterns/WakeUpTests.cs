using System.Diagnostics;
using Messaging;
using Messaging.Postgres;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Patterns;

/// <summary>How a relay learns of what another process wrote. Polling is set to a minute wherever it must not be what helps.</summary>
public sealed class WakeUpTests(Servers servers)
{
    private static readonly (string Key, string Value) HardlyPolls = ("Outbox:PollInterval", "00:01:00");
    private static readonly (string Key, string Value) NoRelays = ("Outbox:Relays", "0");

    [Fact]
    public async Task What_a_process_without_relays_commits_another_one_publishes_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var relay = await TestService.StartAsync(database, transport, settings: HardlyPolls);
        await using var writer = await TestService.StartAsync(database, new RecordingTransport(), settings: NoRelays);
        await IsListeningAsync(database);

        for (var i = 0; i < 20; i++)
        {
            await writer.SendAsync(Messages.Entry("key", i));
            await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == i + 1, "it arrives");
        }

        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, 20));
    }

    [Fact]
    public async Task A_process_without_relays_publishes_nothing_itself()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var writer = await TestService.StartAsync(database, transport, settings: [NoRelays, ("Outbox:PollInterval", "00:00:00.010")]);

        await writer.SendAsync(Messages.Entry("key", 1), Messages.Entry("key", 2, DateTimeOffset.UtcNow.AddMilliseconds(1)));
        await using var relay = await TestService.StartAsync(database, new RecordingTransport());
        await database.OutboxIsDrainedAsync();

        transport.Arrived.ShouldBeEmpty();
    }

    [Fact]
    public async Task However_many_commits_there_are_at_once_few_notifications_tell_of_them()
    {
        const int writers = 16;
        const int perWriter = 50;
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport(), settings: NoRelays);
        var heard = 0;
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        connection.Notification += (_, _) => Interlocked.Increment(ref heard);
        await using var listen = new NpgsqlCommand("listen messaging_outbox", connection);
        await listen.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);

        var clock = Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, writers).Select(async writer =>
        {
            for (var i = 0; i < perWriter; i++)
                await service.SendAsync(Messages.Entry($"key-{writer}", i));
        }));
        var took = clock.Elapsed;
        while (await connection.WaitAsync(TimeSpan.FromMilliseconds(500), TestContext.Current.CancellationToken))
        {
            // Each is counted where it arrives.
        }

        heard.ShouldBeInRange(1, Math.Min((writers * perWriter) - 1, 2 + (int)(took.TotalMilliseconds / 2)), "none while one is under way, and a pause after each");
    }

    [Fact]
    public async Task A_listener_that_lost_its_session_says_so_once_connects_again_and_looks_for_what_it_missed()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var relay = await TestService.StartAsync(database, transport, settings: HardlyPolls);
        await IsListeningAsync(database);
        await relay.SendAsync(Messages.Entry("k"));
        await database.OutboxIsDrainedAsync(); // Its first look is over.
        await database.ExecuteAsync("""
            insert into messaging.outbox (lane, topic, attributes, body)
            values (3, 'patterns.events', '{"specversion":"1.0","id":"x","type":"t","source":"/s","time":"2026-01-01T00:00:00Z","partitionkey":"k"}', '{"number":1}')
            """);
        transport.Arrived.Count.ShouldBe(1, "nobody was told");

        await database.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where {Listening}");

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "what nobody was told of is found");
        await Eventually.BecomesTrueAsync(() => relay.Logs.Of("OutboxListener", LogLevel.Information).Count >= 2, "it says that it is back");
        var said = relay.Logs.Of("OutboxListener", LogLevel.Information);
        said.Count.ShouldBe(2);
        said[0].ShouldContain("found by polling for now");
        said[1].ShouldContain("heard of again");
    }

    [Fact]
    public async Task Where_nobody_is_to_be_woken_polling_finds_everything()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var relay = await TestService.StartAsync(database, transport, settings: ("Outbox:WakeUp", "None"));
        await using var writer = await TestService.StartAsync(database, new RecordingTransport(), settings: [NoRelays, ("Outbox:WakeUp", "None")]);

        await writer.SendAsync(Messages.Entry("key", 1));
        await relay.SendAsync(Messages.Entry("key", 2));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "both arrive");

        (await database.CountAsync($"pg_stat_activity where {Listening}")).ShouldBe(0, "nobody listens");
    }

    [Fact]
    public async Task A_message_scheduled_by_a_process_that_is_gone_is_on_time_in_one_that_hardly_polls()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var staying = await TestService.StartAsync(database, transport, settings: HardlyPolls);
        await IsListeningAsync(database);
        OutboxEntry entry;

        await using (var leaving = await TestService.StartAsync(database, new RecordingTransport(), settings: HardlyPolls))
        {
            entry = Messages.Entry("key", 1, DateTimeOffset.UtcNow.AddSeconds(6));
            await leaving.SendAsync(entry);
        }

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");

        transport.ArrivedAt[entry.Message.Message.Id].ShouldBeGreaterThanOrEqualTo(entry.Due!.Value);
    }

    [Fact]
    public async Task A_message_scheduled_by_a_process_without_relays_is_on_time_elsewhere()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var relay = await TestService.StartAsync(database, transport, settings: HardlyPolls);
        await using var writer = await TestService.StartAsync(database, new RecordingTransport(), settings: NoRelays);
        await IsListeningAsync(database);
        var entries = Enumerable.Range(0, 20).Select(i => Messages.Entry($"key-{i}", i, DateTimeOffset.UtcNow.AddMilliseconds(1000 + (i * 37)))).ToArray();

        await writer.SendAsync([.. entries.Reverse()]);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == entries.Length, "all arrive");

        var lateness = entries.Select(entry => transport.ArrivedAt[entry.Message.Message.Id] - entry.Due!.Value).Order().ToArray();
        lateness[0].ShouldBeGreaterThanOrEqualTo(TimeSpan.Zero);
        lateness[^1].ShouldBeLessThan(TimeSpan.FromSeconds(20), "polling would find them after a minute");
    }

    [Fact]
    public void Polling_is_quick_after_a_find_and_slows_down_to_the_interval()
    {
        var pace = new PollingPace(TimeSpan.FromMilliseconds(1600));
        pace.Wait.ShouldBe(TimeSpan.FromMilliseconds(1600));

        pace.Looked(found: true);
        var waits = Enumerable.Range(0, 6).Select(_ =>
        {
            var wait = pace.Wait.TotalMilliseconds;
            pace.Looked(found: false);
            return wait;
        });

        waits.ShouldBe([100, 200, 400, 800, 1600, 1600]);
    }

    private const string Listening = "datname = current_database() and pid <> pg_backend_pid() and query = 'listen messaging_outbox'";

    private static Task IsListeningAsync(TestDatabase database) => Eventually.BecomesTrueAsync(
        async () => await database.CountAsync($"pg_stat_activity where {Listening} and state = 'idle'") > 0, "somebody listens");
}
