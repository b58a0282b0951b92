namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A Kafka broker.</summary>
public sealed class KafkaServerResource : ServerResource
{
    internal const string ControllerEndpointName = "controller";

    internal KafkaServerResource(string name, string? external)
        : base(name, external)
    {
    }

    private protected override ReferenceExpression OwnConnectionString => ReferenceExpression.Create($"{Host}:{Port}");
}
