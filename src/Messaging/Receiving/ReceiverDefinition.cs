using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>One consumer group: its topics and handlers.</summary>
internal sealed record ReceiverDefinition(
    string Group, IReadOnlyList<string> Topics, IReadOnlyList<HandlerDefinition> Handlers, ReceiveOptions Options);

/// <summary>One MassTransit consumer or saga: how it is registered, which messages it takes, how its dispatcher is made.</summary>
internal sealed record HandlerDefinition(
    Action<IBusRegistrationConfigurator> Register,
    Func<IServiceProvider, IEnumerable<Type>> MessageTypes,
    Func<IReceiveEndpointDispatcherFactory, string, IReceiveEndpointDispatcher> CreateDispatcher)
{
    public static HandlerDefinition ForConsumer<TConsumer>()
        where TConsumer : class, IConsumer => new(
            configurator => configurator.AddConsumer<TConsumer>(),
            _ => typeof(TConsumer).GetInterfaces()
                .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IConsumer<>))
                .Select(type => type.GenericTypeArguments[0]),
            (factory, group) => factory.CreateConsumerReceiver<TConsumer>(NameOf(group, typeof(TConsumer))));

    public static HandlerDefinition ForSaga<TStateMachine, TInstance>()
        where TStateMachine : class, SagaStateMachine<TInstance>
        where TInstance : class, SagaStateMachineInstance => new(
            configurator => configurator.AddSagaStateMachine<TStateMachine, TInstance>(),
            services => services.GetRequiredService<TStateMachine>().Events
                .SelectMany(@event => @event.GetType().GetInterfaces())
                .Where(type => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(Event<>))
                .Select(type => type.GenericTypeArguments[0])
                .Distinct(),
            (factory, group) => factory.CreateSagaReceiver<TInstance>(NameOf(group, typeof(TInstance))));

    /// <summary>A name per handler: MassTransit keeps one receiver per name, and a second handler under the same name would never be called.</summary>
    private static string NameOf(string group, Type handler) => $"{group}.{handler.Name}";
}
