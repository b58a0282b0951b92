using System.Buffers.Text;

namespace Standins.Aspire.Hosting.Servers;

/// <summary>Apache Kafka from KAFKA_HOME as a process: one KRaft node with both roles.</summary>
internal sealed class KafkaProcess(KafkaServerResource kafka, ProcessContext context)
{
    private readonly string _home = context.Options.KafkaHome!;

    public async Task<ProcessSpec> PrepareAsync()
    {
        if (!Directory.Exists(Path.Combine(_home, "libs")))
            throw new DistributedApplicationException($"KAFKA_HOME ({_home}) is no Kafka distribution: it has no directory libs.");

        var java = FindJava();
        var directory = context.Directory.For(kafka.Name);
        var properties = Path.Combine(directory, "server.properties");
        var data = Path.Combine(directory, "data");
        await File.WriteAllTextAsync(properties, await DescribeAsync(data), context.CancellationToken);
        string[] jvm = ["-cp", Path.Combine(_home, "libs", "*"), "-Xms256m", "-Xmx512m", "-XX:+UseG1GC", $"-Dkafka.logs.dir={directory}"];
        if (!File.Exists(Path.Combine(data, "meta.properties")))
            await context.RunAsync(java, [.. jvm, "kafka.tools.StorageTool", "format", "-t", NewClusterId(), "-c", properties]);
        return new ProcessSpec(java, [.. jvm, "kafka.Kafka", properties], directory);
    }

    private async Task<string> DescribeAsync(string data)
    {
        var listener = await kafka.PrimaryEndpoint.Property(EndpointProperty.Port).GetValueAsync(context.CancellationToken);
        var address = $"{await kafka.PrimaryEndpoint.Property(EndpointProperty.Host).GetValueAsync(context.CancellationToken)}:{listener}";
        var controller = new EndpointReference(kafka, KafkaServerResource.ControllerEndpointName).Property(EndpointProperty.Port);
        var controllerPort = await controller.GetValueAsync(context.CancellationToken);
        return $"""
            process.roles=broker,controller
            node.id=1
            controller.quorum.voters=1@127.0.0.1:{controllerPort}
            listeners=PLAINTEXT://127.0.0.1:{listener},CONTROLLER://127.0.0.1:{controllerPort}
            advertised.listeners=PLAINTEXT://{address}
            listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
            controller.listener.names=CONTROLLER
            inter.broker.listener.name=PLAINTEXT
            log.dirs={data}
            num.partitions=4
            offsets.topic.replication.factor=1
            transaction.state.log.replication.factor=1
            transaction.state.log.min.isr=1
            share.coordinator.state.topic.replication.factor=1
            share.coordinator.state.topic.min.isr=1
            group.initial.rebalance.delay.ms=0
            broker.heartbeat.interval.ms=500
            broker.session.timeout.ms=2000

            """;
    }

    /// <summary>16 random bytes in base64url, without a leading '-', which the tool would take for an option.</summary>
    private static string NewClusterId()
    {
        var id = Base64Url.EncodeToString(Guid.NewGuid().ToByteArray());
        return id[0] == '-' ? NewClusterId() : id;
    }

    private static string FindJava() => Executables.FindServer(
        "java",
        Environment.GetEnvironmentVariable("JAVA_HOME") is { Length: > 0 } home ? Path.Combine(home, "bin", "java") : null,
        "apt-get install openjdk-17-jre-headless (Debian, Ubuntu), brew install openjdk (macOS)");
}
