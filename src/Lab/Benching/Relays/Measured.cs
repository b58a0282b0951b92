using MassTransit;

namespace Lab.Benching.Relays;

/// <summary>The message whose way is measured; its body is padded to a usual size.</summary>
public sealed record Measured(Guid Id)
{
    /// <summary>What makes it as long as usual.</summary>
    public string Padding { get; init; } = new('.', 180);
}

/// <summary>Notes when it starts.</summary>
internal sealed class MeasuredHandler(Arrivals arrivals) : IConsumer<Measured>
{
    public Task Consume(ConsumeContext<Measured> context)
    {
        arrivals.Arrive(context.Message.Id);
        return Task.CompletedTask;
    }
}
