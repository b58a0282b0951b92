using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using Messaging.JetStream;

namespace Benchmarks;

/// <summary>
/// The NATS protocol: commands of the server taken off what has arrived, as one piece and cut into pieces of 4 KiB as a pipe hands
/// them over, and a message put on the wire. Times and bytes are those of one command.
/// </summary>
public class NatsProtocolBenchmarks
{
    private const int Commands = 1_000;

    private static readonly NatsHeaders Headers = NatsMessages.HeadersOf(Samples.Message);

    private readonly ProtocolParser _parser = new(1024 * 1024);
    private readonly ReadOnlySequence<byte> _plain = new(Repeat(Plain()));
    private readonly ReadOnlySequence<byte> _withHeaders = new(Repeat(WithHeaders()));
    private readonly ReadOnlySequence<byte> _inPieces = Cut(Repeat(WithHeaders()), 4096);
    private readonly ReadOnlySequence<byte> _headerBlock = new(HeaderBlock());

    [Benchmark(Baseline = true, OperationsPerInvoke = Commands)]
    public long ParseMsg() => ParseAll(_plain);

    [Benchmark(OperationsPerInvoke = Commands)]
    public long ParseHmsg() => ParseAll(_withHeaders);

    [Benchmark(OperationsPerInvoke = Commands)]
    public long ParseHmsgInPieces() => ParseAll(_inPieces);

    [Benchmark]
    public object? ParseHeaders() => HeaderCodec.ParseOrTellError(_headerBlock);

    [Benchmark]
    public int BuildHpub()
    {
        var builder = CommandBuilder.Rent();
        builder.Publish("inventory.commands.3.inventory.reserve-stock.v1.42", default, Headers, Samples.Message.Body, BodyBytes.Instance, 1024 * 1024);
        var length = builder.Line.Length + builder.Body.Length;
        builder.Return();
        return length;
    }

    private long ParseAll(ReadOnlySequence<byte> buffer)
    {
        var bytes = 0L;
        var frame = default(ServerFrame);
        while (_parser.TryRead(ref buffer, ref frame))
            bytes += frame.Payload.Length;
        return bytes;
    }

    private static byte[] Plain() => [.. Encoding.ASCII.GetBytes($"MSG a.subject.of.some.length 7 {Samples.Message.Body.Length}\r\n"), .. Samples.Message.Body.Span, .. "\r\n"u8];

    private static byte[] WithHeaders()
    {
        var block = HeaderBlock();
        var line = $"HMSG a.subject.of.some.length 7 {block.Length} {block.Length + Samples.Message.Body.Length}\r\n";
        return [.. Encoding.ASCII.GetBytes(line), .. block, .. Samples.Message.Body.Span, .. "\r\n"u8];
    }

    private static byte[] HeaderBlock()
    {
        var block = new ArrayBufferWriter<byte>();
        HeaderCodec.Write(block, Headers);
        return block.WrittenSpan.ToArray();
    }

    private static byte[] Repeat(byte[] command) => [.. Enumerable.Repeat(command, Commands).SelectMany(bytes => bytes)];

    private static ReadOnlySequence<byte> Cut(byte[] bytes, int size)
    {
        var first = new Piece(bytes.AsMemory(0, size), before: null);
        var last = first;
        for (var from = size; from < bytes.Length; from += size)
            last = new Piece(bytes.AsMemory(from, Math.Min(size, bytes.Length - from)), last);
        return new ReadOnlySequence<byte>(first, 0, last, last.Memory.Length);
    }

    private sealed class Piece : ReadOnlySequenceSegment<byte>
    {
        public Piece(ReadOnlyMemory<byte> memory, Piece? before)
        {
            Memory = memory;
            if (before is null)
                return;
            RunningIndex = before.RunningIndex + before.Memory.Length;
            before.Next = this;
        }
    }
}
