namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A NATS server.</summary>
public sealed class NatsServerResource : ServerResource
{
    internal const string MonitorEndpointName = "monitor";
    internal const string UserName = "nats";

    internal NatsServerResource(string name, ParameterResource password, string? external)
        : base(name, external) => PasswordParameter = password;

    /// <summary>The password of the user <c>nats</c>.</summary>
    public ParameterResource PasswordParameter { get; }
    internal bool JetStream { get; set; }

    private protected override ReferenceExpression OwnConnectionString =>
        ReferenceExpression.Create($"nats://{UserName}:{PasswordParameter:uri}@{Host}:{Port}");

    /// <inheritdoc />
    public override IEnumerable<KeyValuePair<string, ReferenceExpression>> GetConnectionProperties() =>
    [
        .. base.GetConnectionProperties(),
        .. External is not null ? Array.Empty<KeyValuePair<string, ReferenceExpression>>() :
        [
            new("Username", ReferenceExpression.Create($"{UserName}")),
            new("Password", ReferenceExpression.Create($"{PasswordParameter}")),
        ],
        new("Uri", ConnectionStringExpression),
    ];
}
