using Confluent.Kafka;
using Messaging.Kafka;

namespace Transports;

/// <summary>The brokers under test: those the environment names, else librdkafka's own embedded ones, started once.</summary>
internal static class KafkaServer
{
    private static readonly Lazy<(string Servers, IAdminClient? Owner)> Started = new(Start);

    public static bool IsEmbedded => Started.Value.Owner is not null;

    public static string BootstrapServers => Started.Value.Servers;

    private static (string Servers, IAdminClient? Owner) Start()
    {
        Librdkafka.Locate();
        var given = Environment.GetEnvironmentVariable("ConnectionStrings__kafka") ?? Environment.GetEnvironmentVariable("KAFKA_BOOTSTRAP_SERVERS");
        if (!string.IsNullOrEmpty(given))
            return (given, null);
        var config = new AdminClientConfig { BootstrapServers = "ignored:9092" };
        config.Set("test.mock.num.brokers", "3");
        var owner = new AdminClientBuilder(config).SetLogHandler((_, _) => { }).Build();
        return (string.Join(',', owner.GetMetadata(TimeSpan.FromSeconds(10)).Brokers.Select(broker => $"{broker.Host}:{broker.Port}")), owner);
    }
}
