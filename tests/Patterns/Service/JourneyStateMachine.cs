using MassTransit;
using Messaging;

namespace Patterns;

public sealed record JourneyStarted(Guid Id);

public sealed record StepTaken(Guid Id, bool Stumble = false);

public sealed record DetourTaken(Guid Id);

public sealed record JourneyEnded(Guid Id);

public sealed record JourneyReported(Guid Id, int Steps);

/// <summary>A saga with a beginning, steps that come on two topics, and an end that removes it.</summary>
public sealed class JourneyStateMachine : MassTransitStateMachine<Journey>
{
    public static readonly MessageDefinition[] Definitions =
    [
        new("journey.started.v1", "journeys", typeof(JourneyStarted), message => ((JourneyStarted)message).Id.ToString()),
        new("journey.step-taken.v1", "journeys", typeof(StepTaken), message => ((StepTaken)message).Id.ToString()),
        new("journey.ended.v1", "journeys", typeof(JourneyEnded), message => ((JourneyEnded)message).Id.ToString()),
        new("journey.detour-taken.v1", "detours", typeof(DetourTaken), message => ((DetourTaken)message).Id.ToString()),
        new("journey.reported.v1", "reports", typeof(JourneyReported), message => ((JourneyReported)message).Id.ToString()),
    ];

    public JourneyStateMachine()
    {
        InstanceState(journey => journey.CurrentState);
        Event(() => Started, x => x.CorrelateById(context => context.Message.Id));
        Event(() => Stepped, x => x.CorrelateById(context => context.Message.Id));
        Event(() => Detoured, x => x.CorrelateById(context => context.Message.Id));
        Event(() => Ended, x => x.CorrelateById(context => context.Message.Id));

        Initially(When(Started).Publish(Report).TransitionTo(Underway));
        During(Underway,
            When(Stepped)
                .Then(context => context.Saga.Steps++)
                .Publish(Report)
                .Then(context => _ = context.Message.Stumble ? throw new InvalidOperationException("stumbled") : true),
            When(Detoured).Then(context => context.Saga.Steps++),
            When(Ended).Publish(Report).Finalize());
        SetCompletedWhenFinalized();
    }

    public State Underway { get; private set; } = null!;

    public Event<JourneyStarted> Started { get; private set; } = null!;

    public Event<StepTaken> Stepped { get; private set; } = null!;

    public Event<DetourTaken> Detoured { get; private set; } = null!;

    public Event<JourneyEnded> Ended { get; private set; } = null!;

    private static JourneyReported Report<T>(BehaviorContext<Journey, T> context)
        where T : class => new(context.Saga.CorrelationId, context.Saga.Steps);
}

public sealed record Found(string Name);

/// <summary>Looks for its instance by something else than its id, which this repository does not offer.</summary>
public sealed class SearchingStateMachine : MassTransitStateMachine<Journey>
{
    public static readonly MessageDefinition[] Definitions = [new("found.v1", "finds", typeof(Found), message => ((Found)message).Name)];

    public SearchingStateMachine()
    {
        InstanceState(journey => journey.CurrentState);
        Event(() => Found, x => x.CorrelateBy((journey, context) => journey.CurrentState == context.Message.Name).SelectId(_ => Guid.NewGuid()));
        Initially(When(Found).TransitionTo(Done));
    }

    public State Done { get; private set; } = null!;

    public Event<Found> Found { get; private set; } = null!;
}
