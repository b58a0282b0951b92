using Messaging;
using Support;

namespace Patterns;

public sealed class TableRelayTests(Servers servers) : RelayBehaviours(servers)
{
    protected override string Relay => "table";

    protected override string Logger => "OutboxRelay";

    [Fact]
    public async Task Several_relays_publish_side_by_side()
    {
        await using var database = await TestDatabase.CreateAsync(Servers);
        var together = new TaskCompletionSource();
        var inside = 0;
        var transport = new RecordingTransport
        {
            OnPublish = async (_, cancellationToken) =>
            {
                if (Interlocked.Increment(ref inside) == 2)
                    together.SetResult();
                await together.Task.WaitAsync(TimeSpan.FromSeconds(60), cancellationToken);
                return PublishOutcome.AllAcknowledged;
            },
        };
        await using var service = await StartAsync(database, transport);

        await service.SendAsync([.. Enumerable.Range(0, 200).Select(i => Messages.Entry($"key-{i}"))]);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 200, "both batches arrive");
    }

    protected override Task WriteByHandAsync(TestDatabase database, string attributes) => database.ExecuteAsync(
        $"insert into messaging.outbox (lane, topic, attributes, body) values (3, 'patterns.events', '{attributes}', '')");

    protected override Task KillSessionAsync(TestDatabase database) => database.ExecuteAsync("""
        select pg_terminate_backend(pid) from pg_locks
        where locktype = 'advisory' and pid <> pg_backend_pid() and database = (select oid from pg_database where datname = current_database())
        """);
}
