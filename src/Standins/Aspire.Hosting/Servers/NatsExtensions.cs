namespace Standins.Aspire.Hosting;

/// <summary>NATS as a resource.</summary>
public static class NatsExtensions
{
    /// <summary>
    /// Adds a NATS server. It runs as a process of this machine, or, when the configuration has
    /// <c>ConnectionStrings:{name}</c>, it is that server. The password is <c>Parameters:{name}-password</c>, else random.
    /// </summary>
    /// <param name="port">The port; a free one by default.</param>
    public static IResourceBuilder<NatsServerResource> AddNats(this IDistributedApplicationBuilder builder, string name, int? port = null)
    {
        var external = builder.Configuration.GetConnectionString(name);
        var resource = new NatsServerResource(name, builder.CreatePassword(name), external);
        var server = builder.AddResource(resource).WithEndpoint(port, name: ServerResource.EndpointName, isProxied: false);
        if (external is not null)
        {
            var address = ServerAddress.TryParse(external)
                ?? throw new DistributedApplicationException($"ConnectionStrings:{name} names no NATS server: nats://user:password@host:port is expected.");
            return server.AsExternal(address).AddCheck($"{name}_check", () => new TcpHealthCheck(resource));
        }

        var monitor = new EndpointAnnotation(ProtocolType.Tcp, "http", NatsServerResource.MonitorEndpointName, isProxied: false) { IsInternal = true };
        return server.WithAnnotation(monitor)
            .AddCheck($"{name}_check", () => new HttpHealthCheck(server.GetEndpoint(monitor.Name), "/healthz", 200))
            .WithAnnotation(new ProcessAnnotation(context => new NatsProcess(resource, context).PrepareAsync()));
    }

    /// <summary>Gives the server JetStream, with its data on disk.</summary>
    public static IResourceBuilder<NatsServerResource> WithJetStream(this IResourceBuilder<NatsServerResource> builder)
    {
        builder.Resource.JetStream = true;
        return builder;
    }
}
