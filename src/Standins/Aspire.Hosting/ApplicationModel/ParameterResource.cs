namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A value from configuration (<c>Parameters:{name}</c>), perhaps a secret.</summary>
public sealed class ParameterResource : Resource, IValueProvider
{
    private readonly Lazy<string> _value;

    internal ParameterResource(string name, Func<string> value, bool secret)
        : base(name)
    {
        _value = new Lazy<string>(value);
        Secret = secret;
    }

    /// <summary>Whether the value must not be shown.</summary>
    public bool Secret { get; }

    /// <inheritdoc />
    /// <exception cref="MissingParameterValueException">The configuration has no value.</exception>
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) => new(_value.Value);
}

/// <summary>A server that runs elsewhere, known by its connection string. Healthy while it accepts TCP connections.</summary>
public sealed class ConnectionStringResource(string name, ReferenceExpression connectionStringExpression)
    : Resource(name), IResourceWithConnectionString, IResourceWithWaitSupport
{
    /// <inheritdoc />
    public ReferenceExpression ConnectionStringExpression { get; } = connectionStringExpression;
}
