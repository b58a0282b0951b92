using MassTransit;

namespace Messaging;

/// <summary>One consumer group: its topics and handlers.</summary>
internal sealed record ReceiverDefinition(
    string Group, IReadOnlyList<string> Topics, IReadOnlyList<HandlerDefinition> Handlers, ReceiveOptions Options);

/// <summary>One MassTransit consumer or saga.</summary>
internal sealed record HandlerDefinition(Type HandlerType, Type? InstanceType)
{
    public static HandlerDefinition ForConsumer<TConsumer>()
        where TConsumer : class, IConsumer => new(typeof(TConsumer), InstanceType: null);

    public static HandlerDefinition ForSaga<TStateMachine, TInstance>()
        where TStateMachine : class, SagaStateMachine<TInstance>
        where TInstance : class, SagaStateMachineInstance => new(typeof(TStateMachine), typeof(TInstance));
}
