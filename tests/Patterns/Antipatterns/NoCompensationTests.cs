using Support;

namespace Patterns.Antipatterns;

/// <summary>A deadline that only a process knows of. What holds instead: <see cref="ScheduledMessageTests"/> and <see cref="SagaTests"/>.</summary>
public sealed class NoCompensationTests(Servers servers)
{
    [Fact]
    public async Task A_deadline_kept_in_memory_is_forgotten_by_a_restart()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await database.ExecuteAsync("insert into things values ('on hand', 5), ('reserved', 0)");
        await ReserveAsync(database);

        // The process that waits for the bank stops, and the next one knows of no deadline.
        using var stopping = new CancellationTokenSource();
        var deadline = ReleaseAfterAsync(database, TimeSpan.FromMinutes(1), stopping.Token);
        await stopping.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(deadline);
        (await StockAsync(database, "reserved")).ShouldBe(1);
        (await database.CountAsync("messaging.outbox")).ShouldBe(0, "nothing is left that could remind anybody");
    }

    private static Task<int> ReserveAsync(TestDatabase database) =>
        database.ExecuteAsync("update things set count = count + case id when 'reserved' then 1 else -1 end");

    private static async Task ReleaseAfterAsync(TestDatabase database, TimeSpan deadline, CancellationToken stopping)
    {
        await Task.Delay(deadline, stopping);
        await database.ExecuteAsync("update things set count = count + case id when 'reserved' then -1 else 1 end");
    }

    private static Task<int> StockAsync(TestDatabase database, string id) => database.ReadAsync<int>($"select count from things where id = '{id}'");
}
