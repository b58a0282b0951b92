namespace Standins.Aspire.Hosting;

/// <summary>Kafka as a resource.</summary>
public static class KafkaExtensions
{
    /// <summary>
    /// Adds a Kafka broker. When the configuration has <c>ConnectionStrings:{name}</c> it is that cluster; when it has
    /// <c>KAFKA_HOME</c>, Apache Kafka runs from there; else a cluster in memory (see the README for its limits).
    /// </summary>
    /// <param name="port">The port; a free one by default. The cluster in memory chooses its own.</param>
    public static IResourceBuilder<KafkaServerResource> AddKafka(this IDistributedApplicationBuilder builder, string name, int? port = null)
    {
        var external = builder.Configuration.GetConnectionString(name);
        var resource = new KafkaServerResource(name, external);
        var kafka = builder.AddResource(resource).AddCheck($"{name}_check", () => new KafkaHealthCheck(resource));
        if (external is not null)
        {
            var address = ServerAddress.TryParse(external)
                ?? throw new DistributedApplicationException($"ConnectionStrings:{name} names no Kafka broker: host:port is expected.");
            return kafka.WithEndpoint(address.Port, name: ServerResource.EndpointName, isProxied: false).AsExternal(address);
        }

        if (builder.Configuration["KAFKA_HOME"] is { Length: > 0 })
        {
            return kafka.WithEndpoint(port, name: ServerResource.EndpointName, isProxied: false)
                .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: KafkaServerResource.ControllerEndpointName, isProxied: false) { IsInternal = true })
                .WithAnnotation(new ProcessAnnotation(context => new KafkaProcess(resource, context).PrepareAsync()));
        }

        return kafka
            .WithAnnotation(new EndpointAnnotation(ProtocolType.Tcp, name: ServerResource.EndpointName) { IsAllocatedByProcess = true })
            .WithAnnotation(new ProcessAnnotation(_ => EmbeddedKafkaProcess.PrepareAsync(resource), Restartable: false));
    }
}
