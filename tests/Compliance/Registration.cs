using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Compliance;

public sealed class Registration
{
    [Theory]
    [InlineData("kafka")]
    [InlineData("jetstream")]
    public async Task The_configuration_chooses_the_transport_and_names_its_server(string transport)
    {
        await using var services = Build(transport, new()
        {
            ["ConnectionStrings:kafka"] = "127.0.0.1:9092",
            ["ConnectionStrings:nats"] = "nats://user:secret@127.0.0.1:4222",
        });
        services.GetRequiredService<ITransport>().Name.ShouldBe(transport);
    }

    [Theory]
    [InlineData("kafka", "ConnectionStrings:kafka")]
    [InlineData("jetstream", "ConnectionStrings:nats")]
    public async Task A_missing_connection_string_is_named(string transport, string missing)
    {
        await using var services = Build(transport, []);
        Should.Throw<InvalidOperationException>(() => services.GetRequiredService<ITransport>()).Message.ShouldContain(missing);
    }

    [Fact]
    public async Task Settings_come_from_the_configuration()
    {
        await using var services = Build("kafka", new()
        {
            ["Messaging:Kafka:ReplicationFactor"] = "3",
            ["Messaging:Kafka:PublishTimeout"] = "00:00:07",
            ["Messaging:Kafka:ClientSettings:security.protocol"] = "SASL_SSL",
            ["Messaging:Kafka:TopicSettings:retention.ms"] = "1000",
            ["Messaging:JetStream:Replicas"] = "3",
            ["Messaging:JetStream:MaxAge"] = "2.00:00:00",
        });
        var kafka = services.GetRequiredService<IOptions<KafkaTransportOptions>>().Value;
        kafka.ReplicationFactor.ShouldBe((short)3);
        kafka.PublishTimeout.ShouldBe(TimeSpan.FromSeconds(7));
        kafka.ClientSettings["security.protocol"].ShouldBe("SASL_SSL");
        kafka.TopicSettings["retention.ms"].ShouldBe("1000");
        var jetStream = services.GetRequiredService<IOptions<JetStreamTransportOptions>>().Value;
        jetStream.Replicas.ShouldBe(3);
        jetStream.MaxAge.ShouldBe(TimeSpan.FromDays(2));
    }

    [Theory]
    [InlineData("Messaging:Kafka:ReplicationFactor", "0")]
    [InlineData("Messaging:Kafka:PublishTimeout", "00:00:00")]
    public async Task Settings_that_cannot_work_are_refused(string name, string value)
    {
        await using var services = Build("kafka", new() { [name] = value });
        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<KafkaTransportOptions>>().Value);
    }

    [Theory]
    [InlineData("LeaseDuration", "00:00:00")]
    [InlineData("LeaseDuration", "01:00:00")]
    [InlineData("InstanceId", "a/b")]
    [InlineData("InstanceId", "replica.*")]
    [InlineData("TlsCertFile", "client.pem")]
    public async Task Settings_of_JetStream_that_cannot_work_are_refused_by_name(string name, string value)
    {
        await using var services = Build("jetstream", new() { [$"Messaging:JetStream:{name}"] = value });
        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<JetStreamTransportOptions>>().Value).Message.ShouldContain(name);
    }

    [Fact]
    public async Task A_stream_that_forgets_ids_after_its_messages_is_refused()
    {
        await using var services = Build("jetstream", new() { ["Messaging:JetStream:MaxAge"] = "00:00:30" });
        Should.Throw<OptionsValidationException>(() => services.GetRequiredService<IOptions<JetStreamTransportOptions>>().Value);
    }

    private static ServiceProvider Build(string transport, Dictionary<string, string?> settings)
    {
        settings["Transport"] = transport;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection()
            .AddLogging()
            .AddMessaging(configuration, "tests", messaging => messaging.UseKafka().UseJetStream())
            .BuildServiceProvider();
    }
}
