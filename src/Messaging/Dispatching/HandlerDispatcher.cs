using MassTransit;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>
/// Hands messages to the MassTransit consumers and sagas of one group. Thread-safe.
/// Scope and provider both travel as payloads, so that a handler, its DbContext and what it publishes share the caller's scope.
/// </summary>
internal sealed class HandlerDispatcher
{
    private readonly Dictionary<Type, List<IReceiveEndpointDispatcher>> _byMessage = [];

    public HandlerDispatcher(ReceiverDefinition receiver, IReceiveEndpointDispatcherFactory factory, IServiceProvider services)
    {
        foreach (var handler in receiver.Handlers)
        {
            var dispatcher = handler.CreateDispatcher(factory, receiver.Group);
            foreach (var messageType in handler.MessageTypes(services))
            {
                if (!_byMessage.TryGetValue(messageType, out var dispatchers))
                    _byMessage.Add(messageType, dispatchers = []);
                dispatchers.Add(dispatcher);
            }
        }
    }

    /// <summary>True when some handler of the group wants messages of this type.</summary>
    public bool Handles(Type messageType) => _byMessage.ContainsKey(messageType);

    /// <summary>Gives a message to every handler of its type, in the order of registration.</summary>
    public async Task DispatchAsync(Message message, MessageDefinition definition, IServiceScope scope, CancellationToken cancellationToken)
    {
        var headers = new Dictionary<string, object>(StringComparer.OrdinalIgnoreCase)
        {
            [MassTransit.MessageHeaders.MessageType] = MessageUrn.ForTypeString(definition.ClrType),
            [MassTransit.MessageHeaders.MessageId] = message.Id,
        };
        if (message.Extensions.TryGetValue(OutboxWriter.ScheduleTokenAttribute, out var token))
            headers[MassTransit.MessageHeaders.SchedulingTokenId] = token;

        var body = message.Body.ToArray();
        foreach (var dispatcher in _byMessage[definition.ClrType])
            await dispatcher.Dispatch(body, headers, cancellationToken, scope, scope.ServiceProvider);
    }
}
