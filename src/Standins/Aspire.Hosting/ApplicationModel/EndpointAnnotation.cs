namespace Standins.Aspire.Hosting.ApplicationModel;

/// <summary>An endpoint a resource listens on, by default of scheme <c>tcp</c>, named by its scheme, on free ports.</summary>
public sealed class EndpointAnnotation(
    ProtocolType protocol, string? uriScheme = null, string? name = null, int? port = null, int? targetPort = null, bool isProxied = true)
    : IResourceAnnotation
{
    private readonly TaskCompletionSource<AllocatedEndpoint> _allocation = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private AllocatedEndpoint? _allocated;

    /// <summary>The transport protocol; only TCP is supported.</summary>
    public ProtocolType Protocol { get; } = protocol;

    /// <summary>The scheme of the address.</summary>
    public string UriScheme { get; } = uriScheme ?? "tcp";

    /// <summary>The name of the endpoint, unique in its resource.</summary>
    public string Name { get; } = name ?? uriScheme ?? "tcp";

    /// <summary>The port asked for; null for a free one.</summary>
    public int? Port { get; } = port;

    /// <summary>The port the process is to listen on; null for a free one.</summary>
    public int? TargetPort { get; } = targetPort;

    /// <summary>Whether clients reach the process through a proxy, or the process listens on their port itself.</summary>
    public bool IsProxied { get; } = isProxied;

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

/// <summary>Where an endpoint is, for its clients.</summary>
public sealed record AllocatedEndpoint(EndpointAnnotation Endpoint, string Address, int Port)
{
    /// <summary>The port the process listens on, or, behind a proxy, text that each replica's own port takes the place of.</summary>
    public string TargetPortExpression { get; init; } = Port.ToString(CultureInfo.InvariantCulture);

    /// <summary>The address as a URI without a trailing slash.</summary>
    public string UriString => $"{Endpoint.UriScheme}://{Address}:{Port}";
}
