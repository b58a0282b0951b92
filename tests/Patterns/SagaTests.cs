using Messaging;
using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Support;

namespace Patterns;

public sealed class SagaTests(Servers servers)
{
    [Fact]
    public async Task A_saga_is_made_by_its_first_message_changed_by_later_ones_and_removed_by_its_last()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database);
        var id = Guid.NewGuid();

        await PublishAsync(service, new JourneyStarted(id));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("journeys where current_state = 'Underway' and steps = 0") == 1, "it is made");
        await PublishAsync(service, new StepTaken(id));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("journeys where steps = 1") == 1, "it is changed");
        await PublishAsync(service, new JourneyEnded(id));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("journeys") == 0, "it is removed");

        (await database.CountAsync("messaging.parked")).ShouldBe(0);
    }

    [Fact]
    public async Task Messages_of_one_batch_see_what_the_earlier_ones_did()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var id = Guid.NewGuid();
        await using (var first = await StartAsync(database, InMemory(broker)))
        {
            await PublishAsync(first, new JourneyStarted(id), new StepTaken(id));
            await Eventually.BecomesTrueAsync(async () => await database.CountAsync("journeys where steps = 1") == 1, "the first journey is underway");
        }

        await using (var sender = await StartAsync(database, InMemory(broker), receive: false))
        {
            // The end of that one, a whole other one and the start of a third lie in the broker before the receiver looks.
            await PublishAsync(
                sender, new StepTaken(id), new JourneyEnded(id),
                new JourneyStarted(id), new StepTaken(id), new JourneyEnded(id),
                new JourneyStarted(id), new StepTaken(id), new StepTaken(id));
            await database.OutboxIsDrainedAsync();
        }

        await database.ExecuteAsync("truncate messaging.inbox");
        await using var receiver = await StartAsync(database, InMemory(broker));

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.inbox") == 8, "all are handled");
        (await database.ReadAsync<int>("select steps from journeys where current_state = 'Underway'")).ShouldBe(2);
        (await database.ReadAsync<long>("select count(distinct xmin::text) from messaging.inbox")).ShouldBeLessThan(8, "several were in one transaction");
        (await database.CountAsync("messaging.parked")).ShouldBe(0);
    }

    [Fact]
    public async Task Changes_that_race_are_all_kept()
    {
        const int each = 60;
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await StartAsync(database);
        var id = Guid.NewGuid();
        await PublishAsync(service, new JourneyStarted(id));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("journeys") == 1, "it is made");

        // Two topics, so two receivers work on the one instance side by side.
        await Task.WhenAll(
            SendOneByOneAsync(() => new StepTaken(id)),
            SendOneByOneAsync(() => new DetourTaken(id)));

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync($"journeys where steps = {2 * each}") == 1, "each step counts once");
        (await database.CountAsync("messaging.parked")).ShouldBe(0);

        async Task SendOneByOneAsync(Func<object> next)
        {
            for (var i = 0; i < each; i++)
                await PublishAsync(service, next());
        }
    }

    [Fact]
    public async Task A_message_that_fails_leaves_no_trace_in_the_saga_and_sends_nothing()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = InMemory();
        await using var service = await StartAsync(database, transport);
        var id = Guid.NewGuid();
        await PublishAsync(service, new JourneyStarted(id));

        await PublishAsync(service, new StepTaken(id, Stumble: true));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where cause like '%stumbled%'") == 1, "it is parked");

        (await database.ReadAsync<int>("select steps from journeys")).ShouldBe(0);
        await PublishAsync(service, new DetourTaken(id));
        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where cause not like '%stumbled%'") == 1, "the next waits behind it");
        (await database.ReadAsync<int>("select steps from journeys")).ShouldBe(0);
        await database.OutboxIsDrainedAsync();
        transport.Arrived.Select(message => message.Type).ShouldBe(
            ["journey.started.v1", "journey.step-taken.v1", "journey.reported.v1", "journey.detour-taken.v1"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_saga_that_searches_by_anything_but_its_id_is_told_so()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, InMemory(), messaging => messaging
            .Messages(SearchingStateMachine.Definitions)
            .Receive("searches", ["finds"], receiver => receiver.Saga<SearchingStateMachine, Journey>()));

        await PublishAsync(service, new Found("here"));

        await Eventually.BecomesTrueAsync(async () => await database.CountAsync("messaging.parked where cause like '%CorrelateById%'") == 1, "it is parked");
    }

    [Fact]
    public async Task The_instances_of_a_batch_are_loaded_before_its_messages_ask_for_them()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(
            database, InMemory(), messaging => messaging.LoadAhead<TestDb, Journey>("journeys", new HashSet<string> { "patterns.counted.v1" }));
        var (first, second, missing) = (Guid.NewGuid(), Guid.NewGuid(), Guid.NewGuid());
        await service.DoAsync((db, _) => db.AddRange(new Journey { CorrelationId = first }, new Journey { CorrelationId = second }));
        IncomingMessage[] batch = [.. new[] { first, missing, second, first }.Select((id, place) => Messages.Incoming(Messages.New(id.ToString()), place))];

        await using var scope = service.CreateScope();
        await scope.ServiceProvider.GetRequiredService<IReceiveStore>().AdmitAsync("journeys", batch, TestContext.Current.CancellationToken);
        var db = scope.ServiceProvider.GetRequiredService<TestDb>();
        db.Journeys.Local.Select(journey => journey.CorrelationId).ShouldBe([first, second], ignoreOrder: true);

        var rows = scope.ServiceProvider.GetRequiredService<RowsByKey<Journey>>();
        (await rows.FindAsync(first, TestContext.Current.CancellationToken)).ShouldBeSameAs(db.Journeys.Local.FindEntry(first)!.Entity);
        await service.DoAsync((other, _) => other.Add(new Journey { CorrelationId = missing }));
        (await rows.FindAsync(missing, TestContext.Current.CancellationToken)).ShouldBeNull("it was not there and is not asked for");
        (await rows.FindAsync(missing, TestContext.Current.CancellationToken)).ShouldNotBeNull("who asks again does ask the database");

        await using var others = service.CreateScope();
        await others.ServiceProvider.GetRequiredService<IReceiveStore>().AdmitAsync("others", batch, TestContext.Current.CancellationToken);
        others.ServiceProvider.GetRequiredService<TestDb>().Journeys.Local.ShouldBeEmpty("nobody of that group asks for them");
    }

    private static RecordingTransport InMemory(InMemoryBroker? broker = null) => new(new InMemoryTransport(broker ?? new InMemoryBroker(), TimeProvider.System));

    private static Task<TestService> StartAsync(TestDatabase database, RecordingTransport? transport = null, bool receive = true) =>
        TestService.StartAsync(database, transport ?? InMemory(), messaging =>
        {
            messaging.Messages(JourneyStateMachine.Definitions);
            if (receive)
                messaging.Receive("journeys", ["journeys", "detours"], receiver => receiver.Saga<JourneyStateMachine, Journey>());
        });

    private static async Task PublishAsync(TestService service, params object[] messages)
    {
        await using var scope = service.CreateScope();
        var writer = scope.ServiceProvider.GetRequiredService<OutboxWriter>();
        foreach (var message in messages)
            writer.Add(message);
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);
    }
}
