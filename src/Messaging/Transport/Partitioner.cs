using System.Buffers.Binary;
using System.Text;

namespace Messaging;

/// <summary>
/// Which partition a key belongs to: murmur2 of its UTF-8 bytes, the partitioner of Kafka's own clients, so that a key lands in
/// the same partition whichever client or transport published it.
/// </summary>
public static class Partitioner
{
    /// <summary>The partition of a key, 0 to <paramref name="partitions"/> - 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is not at least one partition.</exception>
    public static int PartitionOf(string key, int partitions)
    {
        ArgumentNullException.ThrowIfNull(key);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        Span<byte> small = stackalloc byte[256];
        var length = Encoding.UTF8.GetByteCount(key);
        var bytes = length <= small.Length ? small[..length] : new byte[length];
        Encoding.UTF8.GetBytes(key, bytes);
        return (int)((Murmur2(bytes) & 0x7fffffff) % (uint)partitions);
    }

    /// <summary>MurmurHash2, 32 bit, with the seed and constants that Kafka uses.</summary>
    public static uint Murmur2(ReadOnlySpan<byte> data)
    {
        const uint seed = 0x9747b28c;
        const uint m = 0x5bd1e995;
        const int r = 24;
        var h = seed ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data);
            k *= m;
            k ^= k >> r;
            k *= m;
            h = (h * m) ^ k;
            data = data[4..];
        }

        for (var i = data.Length - 1; i >= 0; i--)
            h ^= (uint)data[i] << (8 * i);
        if (data.Length > 0)
            h *= m;
        h ^= h >> 13;
        h *= m;
        return h ^ (h >> 15);
    }
}
