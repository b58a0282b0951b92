using System.Buffers.Binary;
using System.Globalization;
using Messaging;

namespace Lab.Comparing.Transports;

/// <summary>
/// The messages of a sample. Each body begins with what the receiver needs: when it was meant to be sent, by the clock of the process
/// that sends and receives, and its number; the rest is zeros.
/// </summary>
internal static class LaneMessages
{
    /// <summary>What the beginning of a body takes.</summary>
    public const int LeastBytes = 16;

    private const int Keys = 1_000;
    private const int Probe = -1;

    private static readonly string[] KeyNames = [.. Enumerable.Range(0, Keys).Select(key => key.ToString(CultureInfo.InvariantCulture))];

    /// <summary>A message that counts.</summary>
    /// <param name="topic">Where to.</param>
    /// <param name="index">Its number, from 0.</param>
    /// <param name="bytes">The size of its body.</param>
    /// <param name="intended">When it was meant to be sent; 0 where time does not matter.</param>
    public static OutgoingMessage Counted(string topic, int index, int bytes, long intended = 0)
    {
        var body = new byte[bytes];
        BinaryPrimitives.WriteInt64LittleEndian(body, intended);
        BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), index);
        return Create(topic, KeyNames[index % Keys], body);
    }

    /// <summary>Messages that nobody reads; they share one body.</summary>
    public static List<OutgoingMessage> Alike(string topic, int count, int bytes)
    {
        var body = new byte[bytes];
        return [.. Enumerable.Range(0, count).Select(index => Create(topic, KeyNames[index % Keys], body))];
    }

    /// <summary>A message to each partition that only shows who gets it.</summary>
    public static IReadOnlyList<OutgoingMessage> Probes(string topic, int partitions, int round) =>
        [.. Enumerable.Range(0, partitions).Select(partition =>
        {
            var body = new byte[LeastBytes];
            BinaryPrimitives.WriteInt64LittleEndian(body, round);
            BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(8), Probe);
            BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(12), partition);
            return Create(topic, Array.Find(KeyNames, key => Partitioner.PartitionOf(key, partitions) == partition)!, body);
        })];

    /// <summary>Reads a body that counts; false for a probe.</summary>
    public static bool TryRead(ReadOnlySpan<byte> body, out int index, out long intended)
    {
        intended = BinaryPrimitives.ReadInt64LittleEndian(body);
        index = BinaryPrimitives.ReadInt32LittleEndian(body[8..]);
        return index != Probe;
    }

    /// <summary>Reads the body of a probe; false for one that counts.</summary>
    public static bool TryReadProbe(ReadOnlySpan<byte> body, out int partition, out int round)
    {
        round = (int)BinaryPrimitives.ReadInt64LittleEndian(body);
        partition = BinaryPrimitives.ReadInt32LittleEndian(body[12..]);
        return BinaryPrimitives.ReadInt32LittleEndian(body[8..]) == Probe;
    }

    private static OutgoingMessage Create(string topic, string key, byte[] body) => new(topic, new Message
    {
        Id = Message.NewId(),
        Type = "lab.measured.v1",
        Source = "/lab",
        Time = DateTimeOffset.UtcNow,
        PartitionKey = key,
        Body = body,
    });
}
