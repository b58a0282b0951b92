using Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Patterns;

/// <summary>What is taken from under a relay: its process, its session, its server.</summary>
public sealed class RelayCrashTests(Servers servers)
{
    [Theory]
    [InlineData("table")]
    [InlineData("wal")]
    public async Task Two_processes_relay_and_one_is_killed_between_publish_and_commit(string relay)
    {
        const int keys = 24;
        const int count = 1_200;
        await using var database = await TestDatabase.CreateAsync(servers);
        var log = Path.GetTempFileName();
        try
        {
            await using (var writer = await TestService.StartAsync(database, new FileBroker(log), settings: [("Outbox:Relay", relay), ("Outbox:Relays", "0")]))
                await writer.SendAsync([.. Enumerable.Range(0, count).Select(i => Messages.Entry($"key-{i % keys}", i))]);
            using var killed = RelayProcess.Start(database.ConnectionString, log, relay);
            (await killed.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken)).ShouldBe(RelayProcess.Held);
            await using var other = await TestService.StartAsync(database, new FileBroker(log), settings: [("Outbox:Relay", relay), ("Outbox:MaxBatch", "20")]);

            killed.Kill(); // SIGKILL
            await killed.WaitForExitAsync(TestContext.Current.CancellationToken);
            await database.OutboxIsDrainedAsync();

            var arrived = FileBroker.Read(log);
            var first = arrived.DistinctBy(message => message.Id).ToArray();
            first.Length.ShouldBe(count, "nothing is lost");
            arrived.Count.ShouldBeGreaterThan(count, "what was in the dead one's hands comes again");
            for (var key = 0; key < keys; key++)
                first.Where(message => message.Key == $"key-{key}").Select(message => message.Number).ShouldBeInOrder();
        }
        finally
        {
            File.Delete(log);
        }
    }

    [Fact]
    public async Task A_relay_whose_session_was_killed_while_it_published_cannot_commit_what_another_one_has_taken_over()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var publishing = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var slow = new RecordingTransport
        {
            OnPublish = async (_, cancellationToken) =>
            {
                publishing.TrySetResult();
                await release.Task.WaitAsync(cancellationToken);
                return PublishOutcome.AllAcknowledged;
            },
        };
        var quick = new RecordingTransport();
        await using var first = await TestService.StartAsync(database, slow, settings: ("Outbox:Relays", "1"));
        await first.SendAsync([.. Enumerable.Range(0, 10).Select(i => Messages.Entry("key", i))]);
        await publishing.Task;
        await using var second = await TestService.StartAsync(database, quick, settings: ("Outbox:Relays", "1"));
        await first.SendAsync([.. Enumerable.Range(10, 10).Select(i => Messages.Entry("key", i))]);
        quick.Arrived.ShouldBeEmpty("the lane is the first one's");

        await database.ExecuteAsync(KillLaneOwners);
        await Eventually.BecomesTrueAsync(() => quick.Arrived.Count == 20, "the second one takes over");
        release.SetResult();
        await database.OutboxIsDrainedAsync();
        await Eventually.BecomesTrueAsync(() => first.Logs.Of("OutboxRelay", LogLevel.Warning).Count == 1, "the first one says that it failed");
        await Eventually.BecomesTrueAsync(() => first.Logs.Of("OutboxRelay", LogLevel.Information).Count == 2, "and that it works again");

        quick.NumbersOf("key").ShouldBe(Enumerable.Range(0, 20));
        slow.NumbersOf("key").ShouldBe(Enumerable.Range(0, 10), "sent twice, in order both times: consumers drop the second of each id");
    }

    [Theory]
    [InlineData("table", "OutboxRelay")]
    [InlineData("wal", "WalRelay")]
    public async Task A_database_that_lets_nobody_in_is_waited_for_with_one_line_when_it_goes_and_one_when_it_is_back(string relay, string logger)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport, settings: [("Outbox:Relay", relay), ("Outbox:MaxPause", "00:00:00.200")]);
        await service.SendAsync(Messages.Entry("key", 0));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it works");
        await database.OutboxIsDrainedAsync();

        await database.LockOutAsync();
        await Eventually.BecomesTrueAsync(() => service.Logs.Of(logger, LogLevel.Warning).Count == 1, "the relay says so");
        await Eventually.BecomesTrueAsync(() => service.Logs.Of("OutboxListener", LogLevel.Warning).Count == 1, "so does the listener");
        await Should.ThrowAsync<Exception>(() => service.SendAsync(Messages.Entry("key", 1)));
        await database.LetInAsync();

        await Eventually.BecomesTrueAsync(() => service.Logs.Of(logger, LogLevel.Information).Count == 2, "the relay works again");
        await Eventually.BecomesTrueAsync(() => service.Logs.Of("OutboxListener", LogLevel.Information).Count == 2, "so does the listener");
        await service.SendAsync(Messages.Entry("key", 2));
        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Contains(2), "and what comes then is published");
        service.Logs.Of(logger, LogLevel.Information).Count.ShouldBe(2);
        transport.NumbersOf("key").ShouldBe([0, 2]);
    }

    [Theory]
    [InlineData("table")]
    [InlineData("wal")]
    public async Task A_server_that_crashes_costs_a_pause_and_nothing_else(string relay)
    {
        await using var server = await OwnPostgres.StartAsync("wal_level=logical");
        var transport = new RecordingTransport();
        await using var service = TestService.Prepare(server.ConnectionString, transport, settings: ("Outbox:Relay", relay));
        await service.StartAsync();
        await service.SendAsync([.. Enumerable.Range(0, 100).Select(i => Messages.Entry("key", i))]);

        await CrashAsync(server.ConnectionString);
        var last = Messages.Entry("key", 100); // one message, however often it is written: a commit may have lost its answer only
        await Eventually.BecomesTrueAsync(() => CommitsAsync(service, last), "the server is back");
        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 101, "everything arrives");

        transport.NumbersOf("key").ShouldBe(Enumerable.Range(0, 101));
    }

    private const string KillLaneOwners = """
        select pg_terminate_backend(pid, 5000) from pg_locks
        where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
        """;

    /// <summary>Kills the server's own process of this connection, as the kernel does when memory is short: the server then starts anew.</summary>
    private static async Task CrashAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var kill = new NpgsqlCommand("copy (select 1) to program 'kill -9 $PPID'", connection);
        await Should.ThrowAsync<NpgsqlException>(() => kill.ExecuteNonQueryAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<bool> CommitsAsync(TestService service, OutboxEntry entry)
    {
        try
        {
            await service.SendAsync(entry);
            return true;
        }
        catch (Exception exception) when (exception.GetBaseException() is NpgsqlException or IOException or System.Net.Sockets.SocketException)
        {
            return false; // not yet
        }
    }
}
