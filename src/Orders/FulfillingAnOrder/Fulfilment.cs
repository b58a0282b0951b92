using MassTransit;

namespace Orders.FulfillingAnOrder;

/// <summary>Where one order is on its way, and what the next steps need to know. An instance of <see cref="OrderStateMachine"/>.</summary>
internal sealed class Fulfilment : SagaStateMachineInstance
{
    /// <summary>The order id.</summary>
    public Guid CorrelationId { get; set; }

    /// <summary>The name of one of the state machine's states.</summary>
    public string CurrentState { get; set; } = "";

    public decimal Amount { get; set; }

    public string Currency { get; set; } = "";

    public string PaymentMethod { get; set; } = "";

    /// <summary>Names the stock deadline while it runs.</summary>
    public Guid? StockDeadlineToken { get; set; }

    /// <summary>Names the payment deadline while it runs.</summary>
    public Guid? PaymentDeadlineToken { get; set; }

    /// <summary>PostgreSQL's xmin: of two transactions that change one fulfilment, the later starts over.</summary>
    public uint Version { get; set; }
}
