using BenchmarkDotNet.Attributes;
using Confluent.Kafka;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;

namespace Benchmarks;

/// <summary>The envelope, which every message passes at least twice: its attributes alone, and onto and off each broker's headers.</summary>
public class EnvelopeBenchmarks
{
    private readonly Message _message = Samples.Message;
    private readonly List<KeyValuePair<string, string>> _attributes = Samples.AttributesOf(Samples.Message);
    private readonly ConsumeResult<byte[]?, byte[]?> _record = Consumed(KafkaRecords.ToRecord(Samples.Message));

    [Benchmark(Baseline = true)]
    public object Write() => Samples.AttributesOf(_message);

    [Benchmark]
    public object? Read() => CloudEvents.TryRead(_attributes, _message.Body, out var message, out _) ? message : null;

    [Benchmark]
    public object ToNatsHeaders() => NatsMessages.HeadersOf(_message);

    [Benchmark]
    public object ToNatsSubject() => Streams.SubjectOf("inventory.commands", 3, _message);

    [Benchmark]
    public object ToKafkaRecord() => KafkaRecords.ToRecord(_message);

    [Benchmark]
    public object FromKafkaRecord() => KafkaRecords.ToDelivery(_record);

    private static ConsumeResult<byte[]?, byte[]?> Consumed(Message<byte[], byte[]> record) => new()
    {
        TopicPartitionOffset = new("inventory.commands", 3, 42),
        Message = new() { Key = record.Key, Value = record.Value, Headers = record.Headers },
    };
}
