using Support;

namespace Patterns;

/// <summary>The table stays as small as what waits in it.</summary>
public sealed class OutboxUpkeepTests(Servers servers)
{
    private const int Total = 200_000;
    private const int PerTransaction = 1_000;
    private const int Backlog = 10_000;
    private const int MostDead = 40_000;
    private const string Dead = "select pg_stat_get_dead_tuples('messaging.outbox'::regclass)";

    [Fact]
    public async Task Two_hundred_thousand_messages_leave_a_small_table_and_few_dead_rows()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new CountingTransport();
        await using var service = await TestService.StartAsync(database, transport, settings: ("Outbox:VacuumAt", "20000"));
        await database.ExecuteAsync("alter table messaging.outbox set (autovacuum_enabled = off)"); // what is shown holds without its help
        using var done = new CancellationTokenSource();
        var watching = WatchAsync(database, done.Token);

        for (var written = 0; written < Total; written += PerTransaction)
        {
            // Whoever writes waits for both, or it would be a race of the writer with the vacuum for the processor.
            await Eventually.BecomesTrueAsync(() => written - transport.Count < Backlog, "the relays keep up");
            await Eventually.BecomesTrueAsync(async () => await database.ReadAsync<long>(Dead) < MostDead, "the vacuum keeps up");
            await service.SendAsync([.. Enumerable.Range(written, PerTransaction).Select(i => Messages.Entry($"key-{i % 100}", i))]);
        }

        await database.OutboxIsDrainedAsync();
        await done.CancelAsync();
        var largest = await watching;

        transport.Count.ShouldBe(Total);
        // All of them together would be more than 80 MB with their index; a backlog and what dies between two vacuums are a part of it.
        largest.ShouldBeLessThan(48L * 1024 * 1024);
        await Eventually.BecomesTrueAsync(async () => await database.ReadAsync<long>(Dead) < 20_000, "few are left dead");
    }

    [Fact]
    public async Task An_outbox_that_somebody_left_full_of_dead_rows_is_vacuumed()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using (await TestService.StartAsync(database, new CountingTransport()))
        {
            // The schema is there now.
        }

        await database.ExecuteAsync("alter table messaging.outbox set (autovacuum_enabled = off)");
        await database.ExecuteAsync("""
            insert into messaging.outbox (lane, topic, attributes, body) select 0, 't', '{}', '' from generate_series(1, 1000);
            delete from messaging.outbox
            """);

        await using var service = await TestService.StartAsync(database, new CountingTransport(), settings: ("Outbox:VacuumAt", "1000"));

        await Eventually.BecomesTrueAsync(
            async () => await database.ReadAsync<long>("select pg_stat_get_vacuum_count('messaging.outbox'::regclass)") > 0, "it is vacuumed");
    }

    private static async Task<long> WatchAsync(TestDatabase database, CancellationToken cancellationToken)
    {
        var largest = 0L;
        while (!cancellationToken.IsCancellationRequested)
        {
            largest = Math.Max(largest, await database.ReadAsync<long>("select pg_total_relation_size('messaging.outbox')"));
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return largest;
    }
}
