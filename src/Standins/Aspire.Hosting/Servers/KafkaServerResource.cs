namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A Kafka broker: a process of this machine, or one that runs elsewhere.</summary>
public sealed class KafkaServerResource : Resource, IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithWaitSupport
{
    internal const string EndpointName = "tcp";
    internal const string ControllerEndpointName = "controller";

    internal KafkaServerResource(string name, string? external)
        : base(name)
    {
        External = external;
        PrimaryEndpoint = new EndpointReference(this, EndpointName);
    }

    /// <summary>Where the broker listens for clients.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => External is not null
        ? ReferenceExpression.Create($"{External}")
        : ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.HostAndPort)}");

    /// <summary>The bootstrap servers of a cluster that runs elsewhere.</summary>
    internal string? External { get; }

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}"));
        yield return new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}"));
    }
}
