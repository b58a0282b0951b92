using MassTransit;
using Messaging.Antipatterns;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Orders.FulfillingAnOrder;

namespace Orders.Antipatterns;

/// <summary>Ends an order that is rejected or cancelled and undoes nothing of what was done for it.</summary>
internal sealed class NoCompensation(IOptions<FulfilmentOptions> options, TimeProvider time) : OrderStateMachine(options, time)
{
    public static Antipattern Antipattern { get; } = new(
        "no-compensation",
        "stock stays reserved and money set aside for orders that were rejected or cancelled",
        services => services.Replace(ServiceDescriptor.Singleton<OrderStateMachine, NoCompensation>()));

    private protected override EventActivityBinder<Fulfilment, T> ReleaseStock<T>(EventActivityBinder<Fulfilment, T> step) => step;

    private protected override EventActivityBinder<Fulfilment, T> VoidPayment<T>(EventActivityBinder<Fulfilment, T> step) => step;
}
