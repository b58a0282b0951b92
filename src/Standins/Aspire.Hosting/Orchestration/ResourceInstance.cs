namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>One replica of a resource. It keeps its id and its ports over restarts.</summary>
internal sealed record ResourceInstance(IResource Resource, string Id, IReadOnlyDictionary<EndpointAnnotation, int> Ports)
{
    /// <summary>What people know it by: the name of the resource while there is one replica.</summary>
    public string Name { get; } = Resource.GetReplicaCount() > 1 ? Id : Resource.Name;
    public string Suffix => Id[(Resource.Name.Length + 1)..];

    /// <summary>Puts the ports of this replica where the text has those of any.</summary>
    public string Resolve(string text) => Ports.Aggregate(text, static (known, port) => known.Replace(
        port.Key.AllocatedEndpoint!.TargetPortExpression, port.Value.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal));

    /// <summary>The address of an endpoint of this very replica.</summary>
    public string UrlOf(EndpointReference endpoint) => Ports.TryGetValue(endpoint.EndpointAnnotation, out var port)
        ? $"{endpoint.EndpointAnnotation.UriScheme}://localhost:{port}"
        : endpoint.Url;
}
