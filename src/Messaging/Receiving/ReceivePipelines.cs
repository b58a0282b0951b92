using System.Collections.Frozen;
using MassTransit.Transports;
using Microsoft.Extensions.DependencyInjection;

namespace Messaging;

/// <summary>
/// The pipelines of this process, one per consumer group: what arrives and what was parked go through the same one. Made when first
/// used, which is after MassTransit has started. Thread-safe.
/// </summary>
internal sealed class ReceivePipelines(IEnumerable<ReceiverDefinition> receivers, IServiceProvider services)
{
    private readonly FrozenDictionary<string, Lazy<ReceivePipeline>> _pipelines =
        receivers.ToFrozenDictionary(receiver => receiver.Group, receiver => new Lazy<ReceivePipeline>(() => Create(receiver, services)));

    /// <summary>The groups there are.</summary>
    public IReadOnlyList<string> Groups => _pipelines.Keys;

    /// <summary>The pipeline of a group.</summary>
    public ReceivePipeline Of(string group) => _pipelines[group].Value;

    private static ReceivePipeline Create(ReceiverDefinition receiver, IServiceProvider services)
    {
        var dispatcher = new HandlerDispatcher(receiver, services.GetRequiredService<IReceiveEndpointDispatcherFactory>(), services);
        return ActivatorUtilities.CreateInstance<ReceivePipeline>(
            services,
            receiver,
            ActivatorUtilities.CreateInstance<BatchTransaction>(services, receiver, dispatcher),
            ActivatorUtilities.CreateInstance<FailureJudgement>(services, receiver));
    }
}
