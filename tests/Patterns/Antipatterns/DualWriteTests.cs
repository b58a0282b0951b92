using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Support;

namespace Patterns.Antipatterns;

/// <summary>Saves to the database and publishes to the broker, one after the other. What holds instead: <see cref="OutboxTests"/>.</summary>
public sealed class DualWriteTests(Servers servers)
{
    private const string DualWrite = "dual-write";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_crash_between_save_and_publish_loses_the_message()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport { OnPublish = DieOnce() };
        await using var service = await Broken.StartAsync(database, broker, DualWrite);

        await Should.ThrowAsync<CrashException>(() => PlaceAsync(service, "order-1"));
        await PlaceAsync(service, "order-2");

        (await database.CountAsync("things")).ShouldBe(2);
        broker.Arrived.Select(message => message.PartitionKey).ShouldBe(["order-2"], "nobody will ever hear of the first order");
        (await database.CountAsync("messaging.outbox")).ShouldBe(0, "and nothing remembers that somebody should");
    }

    [Fact]
    public async Task With_an_outbox_the_message_survives_the_same_crash()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport { OnPublish = DieOnce() };
        await using var service = await Broken.StartAsync(database, broker, antipattern: null);

        await PlaceAsync(service, "order-1");
        await PlaceAsync(service, "order-2");

        await database.OutboxIsDrainedAsync();
        broker.Arrived.Select(message => message.PartitionKey).ShouldBe(["order-1", "order-2"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_the_broker_refuses_is_logged_and_lost_and_what_is_scheduled_is_kept()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport { OnPublish = (_, _) => throw new TransportException("The broker is away.") };
        await using var service = await Broken.StartAsync(database, broker, DualWrite);

        await service.SendAsync(Messages.Entry("now"), Messages.Entry("later", due: DateTimeOffset.UtcNow.AddHours(1)));

        service.Logs.Of(nameof(DualWrite), LogLevel.Error).ShouldHaveSingleItem().ShouldContain("lost: The broker is away.");
        (await database.ReadAsync<string>("select attributes->>'partitionkey' from messaging.outbox")).ShouldBe("later");
    }

    [Fact]
    public async Task Publishing_first_tells_of_something_that_never_was()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport();
        await using var service = await TestService.StartAsync(database, broker);
        await service.DoAsync((db, _) => db.Things.Add(new Thing { Id = "order-1", Count = 7 }));

        await Should.ThrowAsync<DbUpdateException>(() => PublishThenSaveAsync(service, broker, "order-1"));

        broker.Arrived.ShouldHaveSingleItem().PartitionKey.ShouldBe("order-1");
        (await database.CountAsync("things where id = 'order-1' and count = 7")).ShouldBe(1, "the order that was told of was refused");
    }

    private static Task PlaceAsync(TestService service, string id) => service.DoAsync((db, outbox) =>
    {
        db.Things.Add(new Thing { Id = id });
        outbox.Add(Messages.Entry(id));
    });

    private static async Task PublishThenSaveAsync(TestService service, RecordingTransport broker, string id)
    {
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        db.Things.Add(new Thing { Id = id });
        await broker.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New(id))], Cancelled);
        await db.SaveChangesAsync(Cancelled);
    }

    private static Func<IReadOnlyList<OutgoingMessage>, CancellationToken, Task<PublishOutcome>> DieOnce()
    {
        var died = 0;
        return (_, _) => Interlocked.Exchange(ref died, 1) == 0 ? throw new CrashException() : Task.FromResult(PublishOutcome.AllAcknowledged);
    }
}
