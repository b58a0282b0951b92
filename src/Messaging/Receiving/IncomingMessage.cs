using System.Globalization;

namespace Messaging;

/// <summary>A delivery together with what could be read of it.</summary>
public sealed class IncomingMessage
{
    private IncomingMessage(Delivery delivery, Message? message, string? fault)
    {
        Delivery = delivery;
        Message = message;
        Fault = fault;
    }

    /// <summary>As it arrived.</summary>
    public Delivery Delivery { get; }

    /// <summary>As it was understood; null when <see cref="Fault"/> says why it was not.</summary>
    public Message? Message { get; }

    /// <summary>What is wrong with the envelope; null when nothing is.</summary>
    public string? Fault { get; }

    /// <summary>The message's id, or, where it has none, its place: topic, partition and position.</summary>
    public string Id => Message?.Id
        ?? string.Create(CultureInfo.InvariantCulture, $"{Delivery.Topic}/{Delivery.Partition}/{Delivery.Position}");

    /// <summary>The key whose order is kept; empty when neither the envelope nor the broker tells.</summary>
    public string Key => Message?.PartitionKey ?? Delivery.Key ?? "";

    /// <summary>Reads a delivery's envelope. Never throws for what a peer may send.</summary>
    public static IncomingMessage From(Delivery delivery)
    {
        ArgumentNullException.ThrowIfNull(delivery);
        return CloudEvents.TryRead(delivery.Attributes, delivery.Body, out var message, out var error)
            ? new IncomingMessage(delivery, message, fault: null)
            : new IncomingMessage(delivery, message: null, error);
    }
}
