using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>Against an embedded broker of the test's own, which it may take away.</summary>
public sealed class KafkaBroker
{
    private static readonly KafkaTransportOptions Impatient = new() { PublishTimeout = TimeSpan.FromSeconds(2), RequestTimeout = TimeSpan.FromSeconds(5) };

    private readonly TopicDefinition _topic = new($"t{Guid.NewGuid():N}.events");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_embedded_broker_is_known_for_what_it_is()
    {
        using var broker = Start(out var servers);
        await using var transport = new KafkaTransport(servers, Impatient, NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([_topic], Cancel);
        transport.Capabilities.Durable.ShouldBeFalse();
    }

    [Fact]
    public async Task A_batch_larger_than_the_producers_buffer_is_published_all_the_same()
    {
        using var broker = Start(out var servers);
        var patient = Impatient with { PublishTimeout = TimeSpan.FromSeconds(60) };
        await using var transport = new KafkaTransport(servers, patient, NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([_topic], Cancel);
        var body = new byte[900_000];
        var batch = Enumerable.Range(0, 100).Select(i => new OutgoingMessage(_topic.Name, Messages.Create($"key-{i}", body))).ToList();
        (await transport.PublishAsync(batch, Cancel)).Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task When_the_broker_goes_away_publishing_fails_in_time_and_a_subscription_waits_and_can_be_stopped()
    {
        var broker = Start(out var servers);
        await using var transport = new KafkaTransport(servers, Impatient, NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([_topic], Cancel);
        await using var consumption = Consumption.Start(transport, new Subscription(_topic.Name, "group"));
        await transport.PublishAsync(Messages.Numbered(_topic.Name, "key", 0, 10), Cancel);
        await consumption.HandledAsync(10);
        broker.Dispose();

        await Should.ThrowAsync<TransportException>(() => transport.PublishAsync(Messages.Numbered(_topic.Name, "key", 10, 10), Cancel))
            .WaitAsync(TimeSpan.FromSeconds(20), Cancel);
        consumption.Running.IsCompleted.ShouldBeFalse();
        await consumption.StopAsync();
    }

    private static IAdminClient Start(out string servers)
    {
        Librdkafka.Locate();
        var config = new AdminClientConfig { BootstrapServers = "ignored:9092" };
        config.Set("test.mock.num.brokers", "1");
        var broker = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
        servers = string.Join(',', broker.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(found => $"{found.Host}:{found.Port}"));
        return broker;
    }
}
