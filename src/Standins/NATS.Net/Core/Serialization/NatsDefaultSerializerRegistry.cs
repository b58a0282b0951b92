using System.Buffers;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Standins.NATS.Client.Core;

/// <summary>
/// Bytes as they are (<c>byte[]</c>, <see cref="Memory{T}"/>, <see cref="ReadOnlyMemory{T}"/>, <see cref="NatsMemoryOwner{T}"/>, which writing
/// disposes), strings as UTF-8, numbers and booleans as text. An empty payload reads as the type's default; other types throw <see cref="NatsException"/>.
/// </summary>
public class NatsDefaultSerializerRegistry : INatsSerializerRegistry
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsDefaultSerializerRegistry Default = new();

    /// <inheritdoc />
    public INatsSerialize<T> GetSerializer<T>() => DefaultSerializer<T>.Instance;

    /// <inheritdoc />
    public INatsDeserialize<T> GetDeserializer<T>() => DefaultSerializer<T>.Instance;
}

internal sealed class DefaultSerializer<T> : INatsSerialize<T>, INatsDeserialize<T>
{
    public static readonly DefaultSerializer<T> Instance = new();

    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        switch (value)
        {
            case byte[] bytes:
                bufferWriter.Write(bytes);
                break;
            case Memory<byte> memory:
                bufferWriter.Write(memory.Span);
                break;
            case ReadOnlyMemory<byte> memory:
                bufferWriter.Write(memory.Span);
                break;
            case NatsMemoryOwner<byte> owner:
                using (owner)
                    bufferWriter.Write(owner.Span);
                break;
            case string text:
                Encoding.UTF8.GetBytes(text, bufferWriter);
                break;
            case IConvertible number when typeof(T).IsPrimitive:
                Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture), bufferWriter);
                break;
            default:
                throw new NatsException($"Can't serialize {typeof(T)}");
        }
    }

    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty && (typeof(T).IsPrimitive || IsKnown))
            return default;

        if (typeof(T) == typeof(byte[]))
            return As(buffer.ToArray());

        if (typeof(T) == typeof(Memory<byte>))
            return As(buffer.ToArray().AsMemory());

        if (typeof(T) == typeof(ReadOnlyMemory<byte>))
            return As<ReadOnlyMemory<byte>>(buffer.ToArray());

        if (typeof(T) == typeof(NatsMemoryOwner<byte>))
            return As(Own(buffer));

        if (typeof(T) == typeof(string))
            return As(Encoding.UTF8.GetString(buffer));

        return typeof(T).IsPrimitive
            ? (T)Convert.ChangeType(Encoding.UTF8.GetString(buffer), typeof(T), CultureInfo.InvariantCulture)
            : throw new NatsException($"Can't deserialize {typeof(T)}");
    }

    private static bool IsKnown => typeof(T) == typeof(byte[]) || typeof(T) == typeof(Memory<byte>) || typeof(T) == typeof(ReadOnlyMemory<byte>)
        || typeof(T) == typeof(NatsMemoryOwner<byte>) || typeof(T) == typeof(string);

    // Reinterprets without boxing: only called where TValue is T.
    private static T As<TValue>(TValue value) => Unsafe.As<TValue, T>(ref value);

    private static NatsMemoryOwner<byte> Own(in ReadOnlySequence<byte> buffer)
    {
        var owner = NatsMemoryOwner<byte>.Allocate(checked((int)buffer.Length));
        buffer.CopyTo(owner.Span);
        return owner;
    }
}
