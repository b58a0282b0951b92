using BenchmarkDotNet.Attributes;
using Messaging;

namespace Benchmarks;

/// <summary>Which partition a key belongs to, asked for each message published.</summary>
public class PartitionerBenchmarks
{
    private readonly string _long = new('k', 1_000);

    public static IEnumerable<string> Keys => ["order-42", Samples.Message.PartitionKey, "Bestellung größer 注文"];

    [Benchmark]
    [ArgumentsSource(nameof(Keys))]
    public int PartitionOf(string key) => Partitioner.PartitionOf(key, 12);

    [Benchmark]
    public int PartitionOfALongKey() => Partitioner.PartitionOf(_long, 12);
}
