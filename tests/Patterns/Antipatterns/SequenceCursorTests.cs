using Messaging;
using Messaging.Postgres;
using Npgsql;
using Support;

namespace Patterns.Antipatterns;

/// <summary>
/// A relay that remembers the last id it has published and asks for greater ones. Ids are drawn when a row is inserted and become
/// visible when it is committed, in another order. What holds instead: <see cref="RelayBehaviours"/>.
/// </summary>
public sealed class SequenceCursorTests(Servers servers)
{
    private const string RelayBySequenceCursor = "relay-by-sequence-cursor";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_row_that_commits_late_is_skipped_for_ever()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport();

        await CommitLateAsync(database, broker, RelayBySequenceCursor);

        broker.Arrived.Select(message => message.PartitionKey).ShouldBe(["fast", "last"]);
        (await database.ReadAsync<string>("select attributes->>'partitionkey' from messaging.outbox")).ShouldBe("slow", "it is there and is never published");

        await using var restarted = await Broken.StartAsync(database, broker, RelayBySequenceCursor);
        await restarted.SendAsync(Messages.Entry("after the restart"));
        await Eventually.BecomesTrueAsync(() => broker.Arrived.Count == 3, "the relay works again");
        (await database.CountAsync("messaging.outbox where attributes->>'partitionkey' = 'slow'")).ShouldBe(1, "a restart does not help");
    }

    [Fact]
    public async Task A_relay_that_asks_for_whatever_is_there_finds_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport();

        await CommitLateAsync(database, broker, antipattern: null);

        await database.OutboxIsDrainedAsync();
        broker.Arrived.Select(message => message.PartitionKey).ShouldBe(["fast", "slow", "last"], ignoreOrder: true);
    }

    [Fact]
    public async Task What_was_scheduled_goes_out_when_its_time_has_come_though_its_id_is_old()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new RecordingTransport();
        await using var service = await Broken.StartAsync(database, broker, RelayBySequenceCursor);
        await service.SendAsync(
            Messages.Entry("scheduled", due: DateTimeOffset.UtcNow.AddSeconds(3), token: Guid.NewGuid()), Messages.Entry("at once"));

        await database.OutboxIsDrainedAsync();

        broker.Arrived.Select(message => message.PartitionKey).ShouldBe(["at once", "scheduled"]);
    }

    /// <summary>Draws an id, lets another transaction overtake it, commits, and sends one more.</summary>
    private static async Task CommitLateAsync(TestDatabase database, RecordingTransport broker, string? antipattern)
    {
        await using var service = await Broken.StartAsync(database, broker, antipattern);
        await using var source = NpgsqlDataSource.Create(database.ConnectionString);
        await using var slow = await source.OpenConnectionAsync(Cancelled);
        await using var transaction = await slow.BeginTransactionAsync(Cancelled);
        var outbox = new Outbox();
        outbox.Add(Messages.Entry("slow"));
        await using var batch = new NpgsqlBatch(slow);
        OutboxTable.Write(batch, outbox);
        await batch.ExecuteNonQueryAsync(Cancelled);
        await service.SendAsync(Messages.Entry("fast"));
        await Eventually.BecomesTrueAsync(() => broker.Arrived.Count == 1, "the other transaction was faster");

        await transaction.CommitAsync(Cancelled);
        await service.SendAsync(Messages.Entry("last"));
        await Eventually.BecomesTrueAsync(() => broker.Arrived.Any(message => message.PartitionKey == "last"), "the relay has looked again");
    }
}
