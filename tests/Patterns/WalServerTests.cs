using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Patterns;

/// <summary>How the relay on the write-ahead log gets along with a server's settings and its end.</summary>
public sealed class WalServerTests
{
    private static readonly (string, string) Wal = ("Outbox:Relay", "wal");

    [Fact]
    public async Task On_a_server_that_does_not_log_what_is_needed_the_service_does_not_start_and_says_what_to_set()
    {
        await using var server = await OwnPostgres.StartAsync("wal_level=replica");
        await using var database = await TestDatabase.CreateAsync(server.ConnectionString);
        await using var service = TestService.Prepare(database.ConnectionString, new RecordingTransport(), configure: null, Wal);

        var refusal = await Should.ThrowAsync<ReplicationSlotException>(service.StartAsync);

        refusal.Message.ShouldContain("wal_level = replica");
        refusal.Message.ShouldContain("alter system set wal_level = logical");
    }

    [Fact]
    public async Task A_server_with_no_slot_left_or_no_session_to_read_is_told_from_each_other()
    {
        await using var server = await OwnPostgres.StartAsync("wal_level=logical", "max_replication_slots=1", "max_wal_senders=0");
        await using var database = await TestDatabase.CreateAsync(server.ConnectionString);
        await using var service = TestService.Prepare(database.ConnectionString, new RecordingTransport(), configure: null, Wal);
        await using var otherDatabase = await TestDatabase.CreateAsync(server.ConnectionString);
        await using var otherService = TestService.Prepare(otherDatabase.ConnectionString, new RecordingTransport(), configure: null, Wal);

        (await Should.ThrowAsync<ReplicationSlotException>(service.StartAsync)).Message.ShouldContain("max_wal_senders");
        (await Should.ThrowAsync<ReplicationSlotException>(otherService.StartAsync)).Message.ShouldContain("max_replication_slots");
    }

    [Fact]
    public async Task What_the_server_gave_up_while_nobody_read_is_told_and_what_comes_after_is_published()
    {
        await using var server = await OwnPostgres.StartAsync("wal_level=logical", "max_slot_wal_keep_size=1MB", "wal_keep_size=0");
        await using var database = await TestDatabase.CreateAsync(server.ConnectionString);
        var transport = new RecordingTransport();
        await using (var before = await TestService.StartAsync(database, transport, configure: null, Wal))
            before.Logs.Of("WalSlotAtStart", LogLevel.Warning).ShouldBeEmpty("its log is bounded");
        for (var segment = 0; segment < 4; segment++)
            await database.ExecuteAsync("create table filler (x int); drop table filler; select pg_switch_wal()");
        await database.ExecuteAsync("checkpoint");
        (await database.ReadAsync<string>("select wal_status from pg_replication_slots")).ShouldBe("lost");

        await using var service = await TestService.StartAsync(database, transport, configure: null, Wal);

        service.Logs.Of("WalSlotAtStart", LogLevel.Critical).ShouldHaveSingleItem().ShouldContain("may never have been published");
        var health = await service.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(TestContext.Current.CancellationToken);
        health.Entries["relay"].Status.ShouldBe(HealthStatus.Unhealthy);
        await service.SendAsync(Messages.Entry("key", 1));
        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 1, "it arrives");
    }

    [Fact]
    public async Task A_server_that_shuts_down_does_not_wait_for_the_relay()
    {
        await using var server = await OwnPostgres.StartAsync("wal_level=logical");
        await using var database = await TestDatabase.CreateAsync(server.ConnectionString);
        var transport = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, transport, configure: null, Wal);
        await service.SendAsync(Messages.Entry("key"));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");
        await database.ExecuteAsync("create table later as select generate_series(1, 1000) as number");

        await server.ShutDownAsync(TimeSpan.FromSeconds(30));

        await Eventually.BecomesTrueAsync(() => service.Logs.Of("WalRelay", LogLevel.Warning).Count == 1, "the relay says that it cannot go on");
    }
}
