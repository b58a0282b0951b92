namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>An endpoint a resource listens on.</summary>
public sealed class EndpointAnnotation : IResourceAnnotation
{
    private readonly TaskCompletionSource<AllocatedEndpoint> _allocation = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AllocatedEndpoint? _allocated;

    /// <summary>Describes an endpoint, by default of scheme <c>tcp</c>, named by its scheme, on free ports. Only TCP is supported.</summary>
    public EndpointAnnotation(
        ProtocolType protocol, string? uriScheme = null, string? name = null, int? port = null, int? targetPort = null, bool isProxied = true)
    {
        if (protocol != ProtocolType.Tcp)
            throw new DistributedApplicationException($"An endpoint of protocol {protocol} is not supported: only TCP is.");

        UriScheme = uriScheme ?? "tcp";
        Name = name ?? UriScheme;
        Port = port;
        TargetPort = targetPort;
        IsProxied = isProxied;
    }

    /// <summary>The scheme of the address.</summary>
    public string UriScheme { get; }

    /// <summary>The name of the endpoint, unique in its resource.</summary>
    public string Name { get; }

    /// <summary>The port asked for; null for a free one.</summary>
    public int? Port { get; }

    /// <summary>The port the process is to listen on; null for a free one.</summary>
    public int? TargetPort { get; }

    /// <summary>Whether clients reach the process through a proxy, or the process listens on their port itself.</summary>
    public bool IsProxied { get; }

    /// <summary>Whether the process chooses the port itself and says which.</summary>
    internal bool IsAllocatedByProcess { get; init; }

    /// <summary>Whether people have no use for the address.</summary>
    internal bool IsInternal { get; init; }

    /// <summary>Where the endpoint is; null until it is known. It is set once and stays over restarts of the process.</summary>
    public AllocatedEndpoint? AllocatedEndpoint
    {
        get => Volatile.Read(ref _allocated);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (Interlocked.CompareExchange(ref _allocated, value, null) is not null)
                throw new InvalidOperationException($"Endpoint '{Name}' has an address already.");
            _allocation.SetResult(value);
        }
    }

    internal Task<AllocatedEndpoint> WaitForAllocationAsync(CancellationToken cancellationToken) => _allocation.Task.WaitAsync(cancellationToken);
}

/// <summary>Where an endpoint is.</summary>
public sealed class AllocatedEndpoint(EndpointAnnotation endpoint, string address, int port, string? targetPortExpression = null)
{
    /// <summary>The host.</summary>
    public string Address { get; } = address;

    /// <summary>The port clients use.</summary>
    public int Port { get; } = port;

    /// <summary>The port the process listens on, or, behind a proxy, text that each replica's own port takes the place of.</summary>
    public string TargetPortExpression { get; } = targetPortExpression ?? port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The scheme.</summary>
    public string UriScheme => endpoint.UriScheme;

    /// <summary>The address as a URI without a trailing slash.</summary>
    public string UriString => $"{UriScheme}://{Address}:{Port}";
}
