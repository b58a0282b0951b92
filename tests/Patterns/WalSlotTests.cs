using System.Diagnostics.Metrics;
using Messaging;
using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Patterns;

/// <summary>How services share, keep, watch and lose the replication slot of the relay on the write-ahead log.</summary>
public sealed class WalSlotTests(Servers servers)
{
    private const string Reader = "pg_replication_slots where database = current_database() and active";

    [Fact]
    public async Task A_service_that_writes_nothing_does_not_make_the_server_keep_what_others_write()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var other = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database, new RecordingTransport());

        await other.ExecuteAsync("create table busy as select generate_series(1, 100000) as number");

        await database.OutboxIsDrainedAsync();
    }

    [Fact]
    public async Task An_instance_that_stands_by_takes_over_when_the_one_that_reads_stops()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var first = await StartAsync(database, transport);
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync(Reader) == 1, "the first one reads");
        await using var second = await StartAsync(database, transport);
        await second.SendAsync(Messages.Entry("key", 1));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the first one publishes for both");

        await first.StopAsync();
        await second.SendAsync(Messages.Entry("key", 2));

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "the second one has taken over");
        transport.NumbersOf("key").ShouldBe([1, 2]);
        second.Logs.Of("WalRelay", LogLevel.Warning).ShouldBeEmpty();
    }

    [Fact]
    public async Task An_instance_that_does_not_reach_the_broker_gives_way_to_one_that_does()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var cutOff = new RecordingTransport { OnPublish = (_, _) => throw new TransportException("cut off") };
        await using var first = await StartAsync(database, cutOff, ("Outbox:DegradedAfter", "00:00:00.200"), ("Outbox:MaxPause", "00:00:00.100"));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync(Reader) == 1, "the first one reads");
        var transport = new RecordingTransport();
        await using var second = await StartAsync(database, transport);

        await first.SendAsync(Messages.Entry("key", 1));

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "the second one publishes it");
        await database.OutboxIsDrainedAsync();
    }

    [Fact]
    public async Task A_service_whose_messages_do_not_leave_is_degraded_and_shows_its_lag()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var down = true;
        var transport = new RecordingTransport
        {
            OnPublish = (_, _) => Volatile.Read(ref down) ? throw new TransportException("down") : Task.FromResult(PublishOutcome.AllAcknowledged),
        };
        await using var service = await StartAsync(database, transport, ("Outbox:DegradedAfter", "00:00:03"), ("Outbox:MaxPause", "00:00:00.100"));
        var lag = 0L;
        using var listener = new MeterListener();
        var factory = service.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Name == "messaging.outbox.wal.lag" && instrument.Meter.Scope == factory)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => lag = value);
        listener.Start();
        await Eventually.BecomesTrueAsync(async () => await HealthAsync(service) == HealthStatus.Healthy, "it is well");

        await service.SendAsync(Messages.Entry("waits"));
        await Eventually.BecomesTrueAsync(async () => await HealthAsync(service) == HealthStatus.Degraded, "it is degraded");
        listener.RecordObservableInstruments();
        lag.ShouldBeGreaterThan(0);
        Volatile.Write(ref down, false);

        await Eventually.BecomesTrueAsync(async () => await HealthAsync(service) == HealthStatus.Healthy, "it is well again");
    }

    [Fact]
    public async Task A_slot_that_is_gone_is_made_anew_and_the_loss_is_told()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await service.SendAsync(Messages.Entry("key", 1));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");

        await DropSlotAsync(database);
        await Eventually.BecomesTrueAsync(() => service.Logs.Of("WalRelay", LogLevel.Critical).Count > 0, "it says so");

        service.Logs.Of("WalRelay", LogLevel.Critical).ShouldHaveSingleItem().ShouldContain("may never have been published");
        (await HealthAsync(service)).ShouldBe(HealthStatus.Unhealthy);
        await service.SendAsync(Messages.Entry("key", 2));
        await Eventually.BecomesTrueAsync(() => transport.NumbersOf("key").Count == 2, "the next one arrives");
    }

    [Fact]
    public async Task A_slot_that_nobody_reads_any_more_is_warned_of()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using (await StartAsync(database, new RecordingTransport()))
        {
        }

        await using var service = await TestService.StartAsync(database, new RecordingTransport());

        service.Logs.Of("WalSlotAtStart", LogLevel.Warning).ShouldHaveSingleItem().ShouldContain("select pg_drop_replication_slot('messaging_outbox_");
    }

    [Fact]
    public async Task A_role_that_may_not_replicate_is_named_at_the_start()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var settings = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        var role = $"plain_{Guid.NewGuid():N}";
        await database.ExecuteAsync($"create role {role} login password 'x'; grant all on database {settings.Database} to {role}; grant all on schema public to {role}");
        settings.Username = role;
        settings.Password = "x";
        await using var service = TestService.Prepare(settings.ConnectionString, new RecordingTransport(), configure: null, ("Outbox:Relay", "wal"));

        var refusal = await Should.ThrowAsync<ReplicationSlotException>(service.StartAsync);

        refusal.Message.ShouldContain($"alter role \"{role}\" replication");
        await database.ExecuteAsync($"drop owned by {role} cascade; drop role {role}");
    }

    private static Task<TestService> StartAsync(TestDatabase database, ITransport transport, params (string Key, string Value)[] settings) =>
        TestService.StartAsync(database, transport, configure: null, [("Outbox:Relay", "wal"), .. settings]);

    private static async Task<HealthStatus> HealthAsync(TestService service)
    {
        var report = await service.Services.GetRequiredService<HealthCheckService>()
            .CheckHealthAsync(check => check.Name == "relay", TestContext.Current.CancellationToken);
        return report.Entries["relay"].Status;
    }

    /// <summary>Ends the session that reads and drops the slot before the next one has it.</summary>
    private static Task DropSlotAsync(TestDatabase database) => Eventually.BecomesTrueAsync(
        async () =>
        {
            try
            {
                await database.ExecuteAsync($"select pg_terminate_backend(active_pid) from {Reader}");
                return await database.ExecuteAsync(
                    "select pg_drop_replication_slot(slot_name) from pg_replication_slots where database = current_database()") != 0;
            }
            catch (PostgresException exception) when (exception.SqlState == PostgresErrorCodes.ObjectInUse)
            {
                return false; // The relay was faster.
            }
        },
        "the slot is dropped");
}
