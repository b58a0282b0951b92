using BenchmarkDotNet.Attributes;
using Messaging.JetStream;

namespace Benchmarks;

/// <summary>Attributes as NATS headers and keys as tokens of a subject: nearly always nothing is to be encoded.</summary>
public class PercentEncodingBenchmarks
{
    private const string Plain = "0192f7a0-5c1e-7000-8000-00000000002a";
    private const string Foreign = "Bestellung Nr. 7 *.> ключ 注文";

    private readonly string _encoded = PercentEncoding.ToHeader(Foreign);

    [Benchmark(Baseline = true)]
    public string ToHeaderPlain() => PercentEncoding.ToHeader(Plain);

    [Benchmark]
    public string ToHeaderForeign() => PercentEncoding.ToHeader(Foreign);

    [Benchmark]
    public string ToTokenPlain() => PercentEncoding.ToToken(Plain);

    [Benchmark]
    public string ToTokenForeign() => PercentEncoding.ToToken(Foreign);

    [Benchmark]
    public string DecodePlain() => PercentEncoding.Decode(Plain);

    [Benchmark]
    public string DecodeForeign() => PercentEncoding.Decode(_encoded);
}
