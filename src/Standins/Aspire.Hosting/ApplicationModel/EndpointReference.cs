namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>A part of an endpoint's address.</summary>
public enum EndpointProperty
{
    /// <summary>The whole address, such as <c>http://localhost:5000</c>.</summary>
    Url,
    /// <summary>The host.</summary>
    Host,
    /// <summary>The port clients use.</summary>
    Port,
    /// <summary>The scheme.</summary>
    Scheme,
    /// <summary>The port the process listens on.</summary>
    TargetPort,
    /// <summary>Host and port, such as <c>localhost:5000</c>.</summary>
    HostAndPort,
}

/// <summary>Refers to an endpoint by name before its address is known. Thread safe.</summary>
public sealed record EndpointReference(IResourceWithEndpoints Resource, string EndpointName) : IValueProvider
{
    /// <summary>Whether the resource has an endpoint of that name.</summary>
    public bool Exists => Find() is not null;

    /// <summary>The address.</summary>
    /// <exception cref="InvalidOperationException">It is not known yet, or there is no such endpoint.</exception>
    public string Url => (EndpointAnnotation.AllocatedEndpoint
        ?? throw new InvalidOperationException($"Endpoint '{EndpointName}' of '{Resource.Name}' has no address yet.")).UriString;

    /// <summary>The endpoint.</summary>
    /// <exception cref="InvalidOperationException">There is no such endpoint.</exception>
    public EndpointAnnotation EndpointAnnotation => Find()
        ?? throw new InvalidOperationException($"Resource '{Resource.Name}' has no endpoint '{EndpointName}'.");

    /// <summary>Refers to one part of the address.</summary>
    public EndpointReferenceExpression Property(EndpointProperty property) => new(this, property);

    /// <inheritdoc />
    public ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default) =>
        Property(EndpointProperty.Url).GetValueAsync(cancellationToken);

    private EndpointAnnotation? Find() =>
        Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(e => e.Name.Equals(EndpointName, StringComparison.OrdinalIgnoreCase));
}

/// <summary>One part of an endpoint's address, known once the address is.</summary>
public sealed record EndpointReferenceExpression(EndpointReference Endpoint, EndpointProperty Property) : IValueProvider
{
    /// <inheritdoc />
    public async ValueTask<string?> GetValueAsync(CancellationToken cancellationToken = default)
    {
        var allocated = await Endpoint.EndpointAnnotation.WaitForAllocationAsync(cancellationToken);
        return Property switch
        {
            EndpointProperty.Url => allocated.UriString,
            EndpointProperty.Host => allocated.Address,
            EndpointProperty.Port => allocated.Port.ToString(),
            EndpointProperty.TargetPort => allocated.TargetPortExpression,
            EndpointProperty.Scheme => allocated.Endpoint.UriScheme,
            EndpointProperty.HostAndPort => $"{allocated.Address}:{allocated.Port}",
            _ => throw new InvalidOperationException($"An endpoint has no property {Property}."),
        };
    }
}
