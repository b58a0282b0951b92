using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Standins.NATS.Client.Core;

/// <summary>
/// Bytes as they are: <c>byte[]</c>, <see cref="Memory{T}"/>, <see cref="ReadOnlyMemory{T}"/>, <see cref="ReadOnlySequence{T}"/> and
/// <see cref="NatsMemoryOwner{T}"/> (which writing disposes). An empty payload reads as the type's default. Other types go to the successor.
/// </summary>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The shape is the official API's.")]
public class NatsRawSerializer<T>(INatsSerializer<T>? next = default) : INatsSerializer<T>
{
    /// <summary>Bytes first, then UTF-8 primitives.</summary>
    public static readonly NatsRawSerializer<T> Default = new(NatsUtf8PrimitivesSerializer<T>.Default);

    /// <inheritdoc />
    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => new NatsRawSerializer<T>(next);

    /// <inheritdoc />
    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        ArgumentNullException.ThrowIfNull(bufferWriter);
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
            case ReadOnlySequence<byte> sequence:
                foreach (var segment in sequence)
                    bufferWriter.Write(segment.Span);
                break;
            case IMemoryOwner<byte> owner:
                using (owner)
                    bufferWriter.Write(owner.Memory.Span);
                break;
            default:
                (next ?? throw new NatsException($"Can't serialize {typeof(T)}")).Serialize(bufferWriter, value);
                break;
        }
    }

    /// <inheritdoc />
    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (typeof(T) == typeof(byte[]))
            return buffer.IsEmpty ? default : As(buffer.ToArray());

        if (typeof(T) == typeof(Memory<byte>))
            return buffer.IsEmpty ? default : As(buffer.ToArray().AsMemory());

        if (typeof(T) == typeof(ReadOnlyMemory<byte>))
            return buffer.IsEmpty ? default : As<ReadOnlyMemory<byte>>(buffer.ToArray());

        if (typeof(T) == typeof(ReadOnlySequence<byte>))
            return buffer.IsEmpty ? default : As(new ReadOnlySequence<byte>(buffer.ToArray()));

        if (typeof(T) == typeof(NatsMemoryOwner<byte>))
            return buffer.IsEmpty ? default : As(Own(buffer));

        if (typeof(T) == typeof(IMemoryOwner<byte>))
            return buffer.IsEmpty ? default : As<IMemoryOwner<byte>>(Own(buffer));

        return (next ?? throw new NatsException($"Can't deserialize {typeof(T)}")).Deserialize(buffer);
    }

    // Reinterprets without boxing: only called where TValue is T.
    private static T As<TValue>(TValue value) => Unsafe.As<TValue, T>(ref value);

    private static NatsMemoryOwner<byte> Own(in ReadOnlySequence<byte> buffer)
    {
        var owner = NatsMemoryOwner<byte>.Allocate(checked((int)buffer.Length));
        buffer.CopyTo(owner.Span);
        return owner;
    }
}
