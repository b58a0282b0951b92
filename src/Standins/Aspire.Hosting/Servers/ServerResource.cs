namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A server: a process of this machine, or, by a connection string, one that runs elsewhere.</summary>
public abstract class ServerResource : Resource, IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithWaitSupport
{
    internal const string EndpointName = "tcp";

    private protected ServerResource(string name, string? external)
        : base(name)
    {
        External = external;
        PrimaryEndpoint = new EndpointReference(this, EndpointName);
    }

    /// <summary>Where the server listens for clients.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => External is null ? OwnConnectionString : ReferenceExpression.Create($"{External}");

    /// <summary>The connection string of a server that runs elsewhere.</summary>
    internal string? External { get; }
    private protected abstract ReferenceExpression OwnConnectionString { get; }
    private protected EndpointReferenceExpression Host => PrimaryEndpoint.Property(EndpointProperty.Host);
    private protected EndpointReferenceExpression Port => PrimaryEndpoint.Property(EndpointProperty.Port);

    /// <inheritdoc />
    public virtual IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
        [new("Host", ReferenceExpression.Create($"{Host}")), new("Port", ReferenceExpression.Create($"{Port}"))];
}
