using System.Net;
using System.Net.Sockets;
using Standins.Aspire.Hosting.ApplicationModel;

namespace Standins.Aspire.Hosting.Orchestration;

/// <summary>
/// Gives every endpoint its port before anything starts; it stays the same over restarts of the process. The process listens on
/// the port itself, there is no proxy.
/// </summary>
internal sealed class EndpointAllocator : IDisposable
{
    private readonly List<Socket> _reservations = [];

    public void Allocate(IResource resource)
    {
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedEndpoint is not null || endpoint.IsAllocatedByProcess)
                continue;

            endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "localhost", Reserve(resource, endpoint.Port ?? endpoint.TargetPort ?? 0));
        }
    }

    /// <summary>
    /// Binds a socket that never listens. On Linux SO_REUSEADDR, set after the bind, lets the process bind the port all the same
    /// while nobody is given it by chance; elsewhere the port is free again at once, and taken soon after.
    /// </summary>
    private int Reserve(IResource resource, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.ExclusiveAddressUse = true;
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        }
        catch (SocketException failure)
        {
            socket.Dispose();
            throw new DistributedApplicationException($"'{resource.Name}' cannot have port {port}: {failure.Message}.", failure);
        }

        var bound = ((IPEndPoint)socket.LocalEndPoint!).Port;
        if (OperatingSystem.IsLinux())
        {
            ReadOnlySpan<byte> on = [1, 0, 0, 0];
            const int solSocket = 1, soReuseAddr = 2;
            socket.SetRawSocketOption(solSocket, soReuseAddr, on);
            _reservations.Add(socket);
        }
        else
        {
            socket.Dispose();
        }

        return bound;
    }

    public void Dispose() => _reservations.ForEach(s => s.Dispose());
}
