namespace Shared.Contracts;

/// <summary>A message about one order. The order id is the partition key everywhere, so one order's messages keep their order.</summary>
public interface IOrderMessage
{
    /// <summary>The order, a UUIDv7.</summary>
    Guid OrderId { get; }
}

/// <summary>Something that happened to an order.</summary>
public interface IOrderEvent : IOrderMessage
{
    /// <summary>When it happened, UTC.</summary>
    DateTimeOffset At { get; }
}
