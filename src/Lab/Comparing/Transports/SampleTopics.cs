using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Lab.Benching;
using Messaging.Kafka;

namespace Lab.Comparing.Transports;

/// <summary>
/// Looks after the topics of samples, which have one each: what one left must not be in the way of the next, nor fill the disk. Those of
/// a sample that failed go with the broker, where it is ours.
/// </summary>
internal abstract class SampleTopics
{
    /// <summary>For a broker.</summary>
    public static SampleTopics Of(string transport, BrokerProcess broker) => transport == "kafka"
        ? new OnKafka(broker.Url, broker.Description.IsEmbedded)
        : new OnJetStream(broker.Url);

    /// <summary>A name that no topic has yet.</summary>
    public static string NewName() => $"lab{Guid.NewGuid():N}.messages";

    /// <summary>How many messages a topic holds.</summary>
    public abstract Task<long> CountAsync(string topic, CancellationToken cancellationToken);

    /// <summary>Deletes a topic with everything in it, where the broker can do that.</summary>
    public abstract Task DeleteAsync(string topic, CancellationToken cancellationToken);

    private sealed class OnJetStream(string url) : SampleTopics
    {
        public override async Task<long> CountAsync(string topic, CancellationToken cancellationToken)
        {
            await using var connection = Connect();
            return (await new NatsJSContext(connection).GetStreamAsync(StreamOf(topic), cancellationToken: cancellationToken)).Info.State.Messages;
        }

        public override async Task DeleteAsync(string topic, CancellationToken cancellationToken)
        {
            await using var connection = Connect();
            await new NatsJSContext(connection).DeleteStreamAsync(StreamOf(topic), cancellationToken);
        }

        private NatsConnection Connect() => new(new NatsOpts { Url = url, Name = "lab-topics" });

        private static string StreamOf(string topic) => topic.Replace('.', '_');
    }

    private sealed class OnKafka(string servers, bool isEmbedded) : SampleTopics
    {
        private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);

        public override Task<long> CountAsync(string topic, CancellationToken cancellationToken) => DedicatedThread.RunAsync("lab topic", () =>
        {
            using var consumer = new ConsumerBuilder<Ignore, Ignore>(new Confluent.Kafka.ConsumerConfig { BootstrapServers = servers, GroupId = "none" }).Build();
            return KafkaTopics.Find(consumer.Handle, topic, Limit).Partitions
                .Sum(partition => consumer.QueryWatermarkOffsets(new TopicPartition(topic, partition.PartitionId), Limit).High.Value);
        }).WaitAsync(cancellationToken);

        public override async Task DeleteAsync(string topic, CancellationToken cancellationToken)
        {
            if (isEmbedded) return; // It knows no such request.
            var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = servers }).Build();
            try
            {
                await admin.DeleteTopicsAsync([topic], new DeleteTopicsOptions { RequestTimeout = Limit, OperationTimeout = Limit });
                cancellationToken.ThrowIfCancellationRequested();
            }
            finally
            {
                await DedicatedThread.RunAsync("lab topic close", admin.Dispose);
            }
        }
    }
}
