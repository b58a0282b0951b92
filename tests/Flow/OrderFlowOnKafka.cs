using System.Text;
using Confluent.Kafka;
using Messaging.Kafka;

namespace Flow;

public sealed class KafkaSystem() : StartedSystem("kafka");

public sealed class OrderFlowOnKafka(KafkaSystem system) : OrderFlow(system), IClassFixture<KafkaSystem>
{
    private const string Prefix = "ce_";
    private const int Partitions = 4;

    private readonly StartedSystem _system = system;

    static OrderFlowOnKafka() => Librdkafka.Locate();

    // On Kafka the groups come back one by one, seconds after the service and seconds apart: time enough to be seen.
    [Fact]
    public async Task A_system_is_not_quiet_while_nobody_owns_the_partitions_of_a_dead_service()
    {
        await _system.ReadWhenQuietAsync([]);

        _system.Kill("orders");

        await Eventually.HoldsAsync(
            async () => (await _system.UnderWayAsync()).Left.Any(line => line.EndsWith("partitions of orders.read-model that no service of this system owns", StringComparison.Ordinal)),
            "it is told that nobody reads for the read model");
        await _system.ReadWhenQuietAsync([]);
    }

    protected override Task<IReadOnlyList<RawMessage>> ReadAsync(string topic)
    {
        using var consumer = new ConsumerBuilder<byte[], byte[]>(new Confluent.Kafka.ConsumerConfig
        {
            BootstrapServers = _system.ConnectionString("kafka"),
            GroupId = "reader-" + Guid.NewGuid().ToString("N"),
            EnablePartitionEof = true,
        }).Build();
        consumer.Assign(Enumerable.Range(0, Partitions).Select(partition => new TopicPartitionOffset(topic, partition, Offset.Beginning)));
        var messages = new List<RawMessage>();
        var ended = new HashSet<int>();
        while (ended.Count < Partitions)
        {
            var result = consumer.Consume(TestContext.Current.CancellationToken);
            if (result.IsPartitionEOF)
            {
                ended.Add(result.Partition.Value);
                continue;
            }

            messages.Add(new RawMessage(
                result.Message.Headers.ToDictionary(
                    header => header.Key.StartsWith(Prefix, StringComparison.Ordinal) ? header.Key[Prefix.Length..] : header.Key,
                    header => Encoding.UTF8.GetString(header.GetValueBytes()), StringComparer.Ordinal),
                result.Message.Value ?? []));
        }

        consumer.Close();
        return Task.FromResult<IReadOnlyList<RawMessage>>(messages);
    }

    protected override async Task PublishAsync(string topic, string key, IReadOnlyDictionary<string, string> attributes, byte[] body)
    {
        using var producer = new ProducerBuilder<string, byte[]>(new ProducerConfig { BootstrapServers = _system.ConnectionString("kafka") }).Build();
        var headers = new Headers();
        foreach (var (name, value) in attributes)
            headers.Add(Prefix + name, Encoding.UTF8.GetBytes(value));
        await producer.ProduceAsync(
            topic, new Message<string, byte[]> { Key = key, Value = body, Headers = headers }, TestContext.Current.CancellationToken);
    }
}
