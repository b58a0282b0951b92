using System.Net;
using System.Security.Cryptography;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>
/// Gives every endpoint its port before anything starts; it stays the same over restarts of the process. A service is behind a
/// proxy, which listens from now on; a server, or an endpoint without a proxy, listens on the port itself.
/// </summary>
internal sealed class EndpointAllocator(bool randomizePorts, TimeProvider time) : IAsyncDisposable
{
    private readonly List<Socket> _reservations = [];
    private readonly Dictionary<EndpointAnnotation, TcpProxy> _proxies = [];

    public void Allocate(IResource resource)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedEndpoint is not null || endpoint.IsAllocatedByProcess)
                continue;

            Validate(resource, endpoint);
            if (!endpoint.IsProxied)
            {
                endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", Claim(resource, endpoint.Port ?? endpoint.TargetPort ?? 0, Reserve));
                continue;
            }

            var proxy = _proxies[endpoint] = Claim(resource, randomizePorts ? 0 : endpoint.Port ?? 0, port => TcpProxy.Open(port, time));
            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", proxy.Port)
            {
                TargetPortExpression = $$$"""{{- portForServing "{{{resource.Name}}}-{{{endpoint.Name}}}" -}}""",
            };
        }
    }

    /// <summary>The replicas of a resource that is a process, each with ports of its own.</summary>
    public IEnumerable<ResourceInstance> CreateInstances(IResource resource)
    {
        var proxied = resource.Annotations.OfType<EndpointAnnotation>().Where(_proxies.ContainsKey).ToList();
        for (var replica = 0; replica < resource.GetReplicaCount(); replica++)
        {
            var id = $"{resource.Name}-{RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz", 8)}";
            yield return new ResourceInstance(resource, id, proxied.ToDictionary(e => e, e => Claim(resource, e.TargetPort ?? 0, Reserve)));
        }
    }

    /// <summary>Lets the proxies use a replica whose process has started.</summary>
    public void Open(ResourceInstance instance)
    {
        foreach (var (endpoint, port) in instance.Ports)
            _proxies[endpoint].Add(port);
    }

    /// <summary>Keeps new connections away from a replica that has ended or is about to.</summary>
    public void Close(ResourceInstance instance)
    {
        foreach (var (endpoint, port) in instance.Ports)
            _proxies[endpoint].Remove(port);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies.Values)
            await proxy.DisposeAsync();
        _reservations.ForEach(s => s.Dispose());
    }

    // The sentences are Aspire's.
    private static void Validate(IResource resource, EndpointAnnotation endpoint)
    {
        var replicated = resource.GetReplicaCount() > 1;
        var fault = endpoint switch
        {
            { IsProxied: false } when replicated =>
                $"Resource '{resource.Name}' uses multiple replicas and a proxy-less endpoint '{endpoint.Name}'. These features do not work together.",
            { IsProxied: true, TargetPort: not null } when replicated =>
                $"Resource '{resource.Name}' can have multiple replicas, and it uses endpoint '{endpoint.Name}' that has TargetPort property set. "
                + "Each replica must have a unique port; setting TargetPort is not allowed.",
            { IsProxied: true, Port: { } port, TargetPort: { } target } when port == target =>
                $"The endpoint '{endpoint.Name}' for resource '{resource.Name}' requested a proxy (IsProxied is true). Non-container resources "
                + "cannot be proxied when both TargetPort and Port are specified with the same value.",
            { IsProxied: false, Port: { } port, TargetPort: { } target } when port != target =>
                $"The endpoint '{endpoint.Name}' for resource '{resource.Name}' is not using a proxy, and it has a value of Port property that is "
                + "different from the value of TargetPort property. For proxy-less endpoints they must match.",
            _ => null,
        };
        if (fault is not null)
            throw new DistributedApplicationException(fault);
    }

    private static T Claim<T>(IResource resource, int port, Func<int, T> bind)
    {
        try
        {
            return bind(port);
        }
        catch (SocketException failure)
        {
            throw new DistributedApplicationException($"'{resource.Name}' cannot have port {port}: {failure.Message}.", failure);
        }
    }

    /// <summary>
    /// Binds a socket that never listens. On Linux SO_REUSEADDR, set after the bind, lets the process bind the port all the same
    /// while nobody is given it by chance; elsewhere the port is free again at once, and taken soon after.
    /// </summary>
    private int Reserve(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ExclusiveAddressUse = true };
        _reservations.Add(socket);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        var bound = ((IPEndPoint)socket.LocalEndPoint!).Port;
        if (OperatingSystem.IsLinux())
        {
            ReadOnlySpan<byte> on = [1, 0, 0, 0];
            const int solSocket = 1, soReuseAddr = 2;
            socket.SetRawSocketOption(solSocket, soReuseAddr, on);
        }
        else
        {
            socket.Dispose();
        }

        return bound;
    }
}
