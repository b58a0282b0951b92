using MassTransit;
using MassTransit.Configuration;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Units.Messaging;

public sealed record Begin(Guid Id);

public sealed record Finish(Guid Id);

public sealed record DeadlinePassed(Guid Id);

public sealed record Outcome(Guid Id, string State);

public sealed class Errand : SagaStateMachineInstance
{
    public Guid CorrelationId { get; set; }

    public string CurrentState { get; set; } = "";

    public Guid? DeadlineToken { get; set; }
}

public sealed class ErrandStateMachine : MassTransitStateMachine<Errand>
{
    public ErrandStateMachine()
    {
        InstanceState(errand => errand.CurrentState);
        Event(() => Begun, x => x.CorrelateById(context => context.Message.Id));
        Event(() => Finished, x => x.CorrelateById(context => context.Message.Id));
        Schedule(() => Deadline, errand => errand.DeadlineToken, schedule =>
        {
            schedule.Delay = TimeSpan.FromMinutes(1);
            schedule.Received = received => received.CorrelateById(context => context.Message.Id);
        });
        Initially(When(Begun)
            .Schedule(Deadline, context => new DeadlinePassed(context.Message.Id))
            .TransitionTo(Running));
        During(Running,
            When(Finished).Unschedule(Deadline).Publish(context => new Outcome(context.Message.Id, "finished")).TransitionTo(Ended),
            When(Deadline.Received).Publish(context => new Outcome(context.Message.Id, "late")).TransitionTo(Ended));
        During(Ended, Ignore(Finished), Ignore(Deadline.AnyReceived));
    }

    public State Running { get; private set; } = null!;

    public State Ended { get; private set; } = null!;

    public Event<Begin> Begun { get; private set; } = null!;

    public Event<Finish> Finished { get; private set; } = null!;

    public Schedule<Errand, DeadlinePassed> Deadline { get; private set; } = null!;
}

public sealed class SchedulingTests
{
    private static readonly MessageDefinition[] Definitions =
    [
        new("tests.begin.v1", "pings", typeof(Begin), message => ((Begin)message).Id.ToString()),
        new("tests.finish.v1", "pings", typeof(Finish), message => ((Finish)message).Id.ToString()),
        new("tests.deadline-passed.v1", "pings", typeof(DeadlinePassed), message => ((DeadlinePassed)message).Id.ToString()),
        new("tests.outcome.v1", "pongs", typeof(Outcome), message => ((Outcome)message).Id.ToString()),
    ];

    [Fact]
    public async Task A_saga_schedules_its_deadline_into_the_outbox_and_takes_it_back()
    {
        await using var host = await StartAsync();
        var id = Guid.CreateVersion7();

        await host.PublishAsync(new Begin(id));
        await Eventually.HoldsAsync(() => !host.Database.Scheduled.IsEmpty, "the deadline is scheduled");
        await host.PublishAsync(new Finish(id));

        await Eventually.HoldsAsync(() => !host.Database.Cancelled.IsEmpty, "the deadline is taken back");
        var deadline = host.Database.Scheduled.ShouldHaveSingleItem();
        deadline.Due.ShouldNotBeNull().ShouldBe(DateTimeOffset.UtcNow.AddMinutes(1), TimeSpan.FromSeconds(20));
        deadline.Message.Message.Type.ShouldBe("tests.deadline-passed.v1");
        host.Database.Cancelled.ShouldHaveSingleItem().ShouldBe(deadline.ScheduleToken.ShouldNotBeNull());
        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem().Body.ToArray().ShouldBe(PipelineHost.Json(new Outcome(id, "finished")));
    }

    [Fact]
    public async Task A_deadline_that_comes_due_reaches_its_saga()
    {
        await using var host = await StartAsync();
        var id = Guid.CreateVersion7();
        await host.PublishAsync(new Begin(id));
        await Eventually.HoldsAsync(() => !host.Database.Scheduled.IsEmpty, "the deadline is scheduled");

        await host.Services.GetRequiredService<ITransport>().PublishAsync(
            [host.Database.Scheduled.Single().Message], TestContext.Current.CancellationToken);

        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem().Body.ToArray().ShouldBe(PipelineHost.Json(new Outcome(id, "late")));
    }

    [Fact]
    public async Task A_deadline_that_was_taken_back_too_late_changes_nothing()
    {
        await using var host = await StartAsync();
        var id = Guid.CreateVersion7();
        await host.PublishAsync(new Begin(id));
        await Eventually.HoldsAsync(() => !host.Database.Scheduled.IsEmpty, "the deadline is scheduled");
        await host.PublishAsync(new Finish(id));
        await host.ReadAsync("pongs", 1);

        var other = Guid.CreateVersion7();
        await host.Services.GetRequiredService<ITransport>().PublishAsync(
            [host.Database.Scheduled.Single().Message], TestContext.Current.CancellationToken);
        await host.PublishAsync(new Begin(other), new Finish(other));

        var outcomes = await host.ReadAsync("pongs", 2);
        outcomes.Count.ShouldBe(2);
        host.Database.Parked.ShouldBeEmpty();
    }

    private static Task<PipelineHost> StartAsync() => PipelineHost.StartAsync(
        receiver => receiver.Saga<ErrandStateMachine, Errand>(),
        definitions: Definitions,
        sagas: new InMemorySagaRepositoryRegistrationProvider());
}
