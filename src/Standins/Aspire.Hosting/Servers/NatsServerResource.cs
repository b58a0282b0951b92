namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A NATS server: a process of this machine, or one that runs elsewhere.</summary>
public sealed class NatsServerResource : Resource, IResourceWithConnectionString, IResourceWithEndpoints, IResourceWithWaitSupport
{
    internal const string EndpointName = "tcp";
    internal const string MonitorEndpointName = "monitor";

    internal NatsServerResource(string name, ParameterResource password, string? external)
        : base(name)
    {
        PasswordParameter = password;
        External = external;
        PrimaryEndpoint = new EndpointReference(this, EndpointName);
    }

    /// <summary>Where the server listens for clients.</summary>
    public EndpointReference PrimaryEndpoint { get; }

    /// <summary>The password of the user <c>nats</c>.</summary>
    public ParameterResource PasswordParameter { get; }

    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression => External is not null
        ? ReferenceExpression.Create($"{External}")
        : ReferenceExpression.Create(
            $"nats://{UserName}:{PasswordParameter:uri}@{PrimaryEndpoint.Property(EndpointProperty.Host)}:{PrimaryEndpoint.Property(EndpointProperty.Port)}");

    internal static string UserName => "nats";

    /// <summary>The connection string of a server that runs elsewhere.</summary>
    internal string? External { get; }

    /// <summary>Whether the server has JetStream.</summary>
    internal bool JetStream { get; set; }

    /// <inheritdoc />
    public IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties()
    {
        yield return new("Host", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Host)}"));
        yield return new("Port", ReferenceExpression.Create($"{PrimaryEndpoint.Property(EndpointProperty.Port)}"));
        if (External is null)
        {
            yield return new("Username", ReferenceExpression.Create($"{UserName}"));
            yield return new("Password", ReferenceExpression.Create($"{PasswordParameter}"));
        }

        yield return new("Uri", ConnectionStringExpression);
    }
}
