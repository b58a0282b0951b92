using System.Text;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Patterns;

public sealed class WalRelayTests(Servers servers) : RelayBehaviours(servers)
{
    private const string Reader = "pg_replication_slots where database = current_database() and active";

    protected override string Relay => "wal";

    protected override string Logger => "WalRelay";

    [Fact]
    public async Task Messages_leave_in_the_order_of_commits_not_of_writing()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await using var slow = service.CreateScope();
        var db = slow.ServiceProvider.GetRequiredService<TestDb>();
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        await using var early = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await EmitAsync(connection, Content("patterns.events", Attributes("first written"), "{\"number\":1}"));
        await service.SendAsync(Messages.Entry("last written"));
        await early.CommitAsync(TestContext.Current.CancellationToken);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "both arrive");
        transport.Arrived.Select(message => message.PartitionKey).ShouldBe(["last written", "first written"]);
    }

    [Fact]
    public async Task A_transaction_that_is_rolled_back_publishes_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);

        await using (await connection.BeginTransactionAsync(TestContext.Current.CancellationToken))
            await EmitAsync(connection, Content("patterns.events", Attributes("rolled back"), "{}"));
        await service.SendAsync(Messages.Entry("committed"));

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count > 0, "the committed one arrives");
        await database.OutboxIsDrainedAsync();
        transport.Arrived.Select(message => message.PartitionKey).ShouldBe(["committed"]);
    }

    [Fact]
    public async Task No_row_is_written_but_for_a_message_with_a_due_time_which_can_be_taken_back()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        var token = Guid.NewGuid();

        await service.SendAsync(
            Messages.Entry("now"),
            Messages.Entry("soon", due: DateTimeOffset.UtcNow.AddMilliseconds(200)),
            Messages.Entry("never", due: DateTimeOffset.UtcNow.AddHours(1), token: token));
        (await database.CountAsync("messaging.outbox where attributes ->> 'partitionkey' = 'now'")).ShouldBe(0);
        await service.DoAsync((_, outbox) => outbox.Cancel(token));

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "both arrive");
        await database.OutboxIsDrainedAsync();
        transport.Arrived.Select(message => message.PartitionKey).ShouldBe(["now", "soon"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_was_left_in_the_table_is_published_when_a_service_changes_over()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var down = new RecordingTransport { OnPublish = (_, _) => throw new TransportException("down") };
        await using (var before = await TestService.StartAsync(database, down))
            await before.SendAsync(Messages.Entry("key", 1));
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);

        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 1, "it arrives");
    }

    [Fact]
    public async Task A_transaction_larger_than_a_batch_arrives_whole_and_in_order()
    {
        const int count = 20_000;
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport, ("Outbox:MaxBatch", "100"));

        await service.SendAsync([.. Enumerable.Range(0, count).Select(i => Messages.Entry("key", i))]);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count >= count, "all arrive");
        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, count));
    }

    [Fact]
    public async Task A_transaction_is_repeated_whole_when_its_publisher_dies_in_the_middle()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var half = new RecordingTransport();
        half.OnPublish = (_, _) => half.Arrived.Count >= 50 ? throw new TransportException("down") : Task.FromResult(PublishOutcome.AllAcknowledged);
        await using (var first = await StartAsync(database, half, ("Outbox:MaxBatch", "10")))
        {
            await first.SendAsync([.. Enumerable.Range(0, 100).Select(i => Messages.Entry("key", i))]);
            await Eventually.BecomesTrueAsync(() => first.Logs.Of(Logger, LogLevel.Warning).Count > 0, "it is stuck");
        }

        var transport = new RecordingTransport();
        await using var second = await StartAsync(database, transport);

        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 100, "all arrive");
        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, 100));
    }

    [Fact]
    public async Task Many_large_messages_arrive_without_being_in_memory_all_at_once()
    {
        const int count = 100;
        await using var database = await TestDatabase.CreateAsync(Servers);
        var largest = 0L;
        var arrived = new List<int>();
        var transport = new RecordingTransport();
        transport.OnPublish = (batch, _) =>
        {
            largest = Math.Max(largest, batch.Sum(message => (long)message.Message.Body.Length));
            arrived.AddRange(batch.Select(message => (int)BitConverter.ToInt64(message.Message.Body.Span)));
            return Task.FromResult(PublishOutcome.AllAcknowledged);
        };
        await using var service = await StartAsync(database, transport);

        for (var i = 0; i < count; i += 20)
        {
            await service.SendAsync([.. Enumerable.Range(i, 20).Select(number => new OutboxEntry(
                new OutgoingMessage(Messages.Topic, Messages.New("key") with { Body = Large(number) })))]);
        }

        await database.OutboxIsDrainedAsync();
        arrived.ShouldBe(Enumerable.Range(0, count));
        largest.ShouldBeLessThan(18 * 1024 * 1024);

        static byte[] Large(int number)
        {
            var body = new byte[1024 * 1024];
            BitConverter.TryWriteBytes(body, (long)number);
            return body;
        }
    }

    [Fact]
    public async Task Nothing_is_lost_or_out_of_order_while_sessions_are_killed_and_publishes_fail()
    {
        const int count = 400;
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport
        {
            OnPublish = async (_, _) =>
            {
                await Task.Yield();
                return Random.Shared.Next(5) == 0 ? throw new TransportException("no answer") : PublishOutcome.AllAcknowledged;
            },
        };
        await using var first = await StartAsync(database, transport, ("Outbox:MaxPause", "00:00:00.050"), ("Outbox:PollInterval", "00:00:00.020"));
        await using var second = await StartAsync(database, transport, ("Outbox:MaxPause", "00:00:00.050"), ("Outbox:PollInterval", "00:00:00.020"));
        TestService[] services = [first, second];

        for (var i = 0; i < count; i++)
        {
            await services[i % 2].SendAsync(Messages.Entry($"key-{i % 3}", i));
            if (i % 50 == 49)
                await database.ExecuteAsync($"select pg_terminate_backend(active_pid) from {Reader}");
        }

        await database.OutboxIsDrainedAsync();
        for (var key = 0; key < 3; key++)
            transport.NumbersOf($"key-{key}").ShouldBe(Enumerable.Range(0, count).Where(i => i % 3 == key));
    }

    [Fact]
    public async Task A_restart_repeats_nothing_that_was_acknowledged()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var transport = new RecordingTransport();
        for (var run = 0; run < 3; run++)
        {
            await using var service = await StartAsync(database, transport);
            await service.SendAsync([.. Enumerable.Range(run * 10, 10).Select(i => Messages.Entry("key", i))]);
            await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == (run + 1) * 10, "all arrive");
        }

        transport.Arrived.Select(Messages.NumberOf).ShouldBe(Enumerable.Range(0, 30));
    }

    protected override async Task WriteByHandAsync(TestDatabase database, string attributes)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await EmitAsync(connection, Content("patterns.events", attributes, ""));
    }

    protected override Task KillSessionAsync(TestDatabase database) =>
        database.ExecuteAsync($"select pg_terminate_backend(active_pid, 5000) from {Reader}");

    private static string Attributes(string key) =>
        $$"""{"specversion":"1.0","id":"{{Guid.NewGuid()}}","type":"t","source":"/s","time":"2026-01-01T00:00:00Z","partitionkey":"{{key}}"}""";

    /// <summary>The content as documented, made by hand.</summary>
    private static byte[] Content(string topic, string attributes, string body) =>
    [
        1, 0, (byte)topic.Length, 0, 0, (byte)(attributes.Length >> 8), (byte)attributes.Length, .. Encoding.UTF8.GetBytes(topic + attributes + body),
    ];

    private static async Task EmitAsync(NpgsqlConnection connection, byte[] content)
    {
        await using var emit = new NpgsqlCommand("select pg_logical_emit_message(true, 'messaging.outbox', $1)", connection)
        {
            Parameters = { new() { Value = content } },
        };
        await emit.ExecuteNonQueryAsync();
    }
}
