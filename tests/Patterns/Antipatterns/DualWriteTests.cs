using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Support;

namespace Patterns.Antipatterns;

/// <summary>Saves to the database and publishes to the broker, one after the other. What holds instead: <see cref="OutboxTests"/>.</summary>
public sealed class DualWriteTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_crash_between_save_and_publish_loses_the_message()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport { OnPublish = (_, _) => throw new CrashException() };
        await using var service = await TestService.StartAsync(database, broker);

        await Should.ThrowAsync<CrashException>(() => SaveThenPublishAsync(service, broker, "order-1"));

        (await database.CountAsync("things where id = 'order-1'")).ShouldBe(1);
        broker.Arrived.ShouldBeEmpty("nobody will ever hear of the order");
        (await database.CountAsync("messaging.outbox")).ShouldBe(0, "and nothing remembers that somebody should");
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

    private static async Task SaveThenPublishAsync(TestService service, RecordingTransport broker, string id)
    {
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        db.Things.Add(new Thing { Id = id });
        await db.SaveChangesAsync(Cancelled);
        await broker.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New(id))], Cancelled);
    }

    private static async Task PublishThenSaveAsync(TestService service, RecordingTransport broker, string id)
    {
        await using var scope = service.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        db.Things.Add(new Thing { Id = id });
        await broker.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New(id))], Cancelled);
        await db.SaveChangesAsync(Cancelled);
    }
}
