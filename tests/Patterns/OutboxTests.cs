using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Support;

namespace Patterns;

/// <summary>What a service may rely on when it sends, whichever relay publishes.</summary>
public abstract class OutboxBehaviours(Servers servers, string relay)
{
    [Fact]
    public async Task Messages_and_business_data_are_written_together()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);

        await service.DoAsync((db, outbox) =>
        {
            db.Things.Add(new Thing { Id = "one" });
            outbox.Add(Messages.Entry("one", 1));
            outbox.Add(Messages.Entry("one", 2));
        });

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 2, "both messages arrive");
        transport.NumbersOf("one").ShouldBe([1, 2]);
        (await database.CountAsync("things")).ShouldBe(1);
        await database.OutboxIsDrainedAsync();
    }

    [Fact]
    public async Task When_the_business_data_is_refused_no_message_leaves_and_the_outbox_keeps_its_entries()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await service.DoAsync((db, _) => db.Things.Add(new Thing { Id = "one" }));

        await using (var scope = service.CreateScope())
        {
            scope.ServiceProvider.GetRequiredService<TestDb>().Things.Add(new Thing { Id = "one" });
            var outbox = scope.ServiceProvider.GetRequiredService<Outbox>();
            outbox.Add(Messages.Entry("one"));
            await Should.ThrowAsync<DbUpdateException>(scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken));
            outbox.Entries.Count.ShouldBe(1);
        }

        await service.SendAsync(Messages.Entry("two"));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count > 0, "the next message arrives");
        transport.Arrived.Select(message => message.PartitionKey).ShouldBe(["two"]);
    }

    [Fact]
    public async Task When_the_messages_are_refused_no_business_data_stays()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database, new RecordingTransport());
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        var outbox = scope.ServiceProvider.GetRequiredService<Outbox>();

        db.Things.Add(new Thing { Id = "one" });
        outbox.Add(new OutboxEntry(new OutgoingMessage("no \0 in text", Messages.New("one")), Due: DateTimeOffset.UtcNow)); // in the table, with any relay
        await Should.ThrowAsync<Npgsql.PostgresException>(scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken));

        (await database.CountAsync("things")).ShouldBe(0);
        db.ChangeTracker.HasChanges().ShouldBeTrue("what was not committed does not count as saved");
    }

    [Fact]
    public async Task The_envelope_arrives_as_it_was_written()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        var message = Messages.New("schlüssel/ключ", 7) with
        {
            Subject = "\"quoted\" ✓",
            DataSchema = "urn:schema",
            DataContentType = "application/octet-stream",
            CorrelationId = "correlation",
            CausationId = "cause",
            TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            TraceState = "vendor=1",
            Extensions = new Dictionary<string, string>(StringComparer.Ordinal) { ["tenant"] = "t1" },
            Body = new byte[] { 0, 255, 1, 254 },
            Time = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddMicroseconds(678_901),
        };

        await service.SendAsync(new OutboxEntry(new OutgoingMessage("some.topic", message)));
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");

        var arrived = transport.Arrived[0];
        arrived.Body.ToArray().ShouldBe(message.Body.ToArray());
        arrived.Extensions.ShouldBe(message.Extensions);
        (arrived with { Body = message.Body, Extensions = message.Extensions }).ShouldBe(message);
    }

    [Fact]
    public async Task A_transaction_that_the_caller_opened_is_the_one_that_is_committed()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();

        await using var transaction = await db.Database.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await db.Database.ExecuteSqlAsync($"insert into things values ('by hand', 1)", TestContext.Current.CancellationToken);
        scope.ServiceProvider.GetRequiredService<Outbox>().Add(Messages.Entry("by hand"));
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);

        (await database.CountAsync("things")).ShouldBe(1);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it arrives");
    }

    [Fact]
    public async Task A_scope_may_commit_several_times()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await StartAsync(database, transport);
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        var work = scope.ServiceProvider.GetRequiredService<IUnitOfWork>();
        var thing = new Thing { Id = "one" };
        db.Things.Add(thing);

        for (var i = 1; i <= 3; i++)
        {
            thing.Count = i;
            scope.ServiceProvider.GetRequiredService<Outbox>().Add(Messages.Entry("one", i));
            await work.CommitAsync(TestContext.Current.CancellationToken);
        }

        (await database.ReadAsync<int>("select count from things")).ShouldBe(3);
        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 3, "all arrive");
        transport.NumbersOf("one").ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task Messages_that_nobody_committed_are_reported()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database, new RecordingTransport());

        await using (var scope = service.CreateScope())
        {
            scope.ServiceProvider.GetRequiredService<Outbox>().Add(Messages.Entry("forgotten"));
            _ = scope.ServiceProvider.GetRequiredService<IUnitOfWork>();
        }

        service.Logs.Of("PostgresStore", LogLevel.Error).ShouldHaveSingleItem().ShouldContain("1 messages");
    }

    [Fact]
    public async Task A_receiver_that_drops_its_scope_reports_nothing_because_the_broker_has_the_messages()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database, new RecordingTransport());

        await using (var scope = service.CreateScope())
        {
            await scope.ServiceProvider.GetRequiredService<IReceiveStore>()
                .AdmitAsync("consumer", [Messages.Incoming(Messages.New("key"))], TestContext.Current.CancellationToken);
            scope.ServiceProvider.GetRequiredService<Outbox>().Add(Messages.Entry("key"));
        }

        service.Logs.Of("PostgresStore", LogLevel.Error).ShouldBeEmpty();
        (await database.CountAsync("messaging.inbox")).ShouldBe(0);
    }

    private Task<TestService> StartAsync(TestDatabase database, ITransport transport) =>
        TestService.StartAsync(database, transport, configure: null, ("Outbox:Relay", relay));
}

public sealed class OutboxTests(Servers servers) : OutboxBehaviours(servers, "table");

public sealed class WalOutboxTests(Servers servers) : OutboxBehaviours(servers, "wal");
