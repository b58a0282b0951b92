namespace Standins.Aspire.Hosting.Servers;

/// <summary>
/// The cluster in memory as a process of its own, so that it outlives the services. Its brokers choose their ports and say which,
/// so the address is known only when it is up; its topics do not survive it, so it is not started again.
/// </summary>
internal static class EmbeddedKafkaProcess
{
    public static Task<ProcessSpec> PrepareAsync(KafkaServerResource kafka)
    {
        var assembly = typeof(EmbeddedKafkaProgram).Assembly.Location;
        return Task.FromResult(new ProcessSpec(Executables.DotNet(), [assembly, EmbeddedKafkaProgram.Verb], Path.GetDirectoryName(assembly)!)
        {
            OnOutput = line =>
            {
                var endpoint = kafka.PrimaryEndpoint.EndpointAnnotation;
                if (line.StartsWith(EmbeddedKafkaProgram.Announcement, StringComparison.Ordinal)
                    && endpoint.AllocatedEndpoint is null
                    && ServerAddress.TryParse(line[EmbeddedKafkaProgram.Announcement.Length..]) is { } address)
                {
                    endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, address.Host, address.Port);
                }
            },
        });
    }
}
