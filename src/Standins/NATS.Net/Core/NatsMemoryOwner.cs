using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Standins.NATS.Client.Core;

/// <summary>
/// Pooled memory of an exact length. As a payload type it saves the array per message; whoever receives it disposes it, once.
/// Copies share the array: using one after another was disposed throws nothing and reads someone else's data.
/// </summary>
[SuppressMessage("Performance", "CA1815:Override equals and operator equals on value types", Justification = "Owners are not compared.")]
public struct NatsMemoryOwner<T> : IMemoryOwner<T>
{
    private T[]? _array;

    private NatsMemoryOwner(T[] array, int length)
    {
        _array = array;
        Length = length;
    }

    /// <summary>The number of items.</summary>
    public int Length { get; }

    /// <summary>The memory. Throws <see cref="ObjectDisposedException"/> after <see cref="Dispose"/>.</summary>
    public readonly Memory<T> Memory => Array.AsMemory(0, Length);

    /// <summary>The memory as a span. Throws <see cref="ObjectDisposedException"/> after <see cref="Dispose"/>.</summary>
    public readonly Span<T> Span => Array.AsSpan(0, Length);

    private readonly T[] Array => _array ?? (Length == 0 ? [] : throw new ObjectDisposedException(nameof(NatsMemoryOwner<>)));

    /// <summary>Rents <paramref name="size"/> items, uninitialised.</summary>
    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The shape is the official API's.")]
    public static NatsMemoryOwner<T> Allocate(int size) => new(ArrayPool<T>.Shared.Rent(size), size);

    /// <summary>Gives the memory back.</summary>
    public void Dispose()
    {
        if (_array is not { Length: > 0 } array)
            return;

        _array = null;
        ArrayPool<T>.Shared.Return(array);
    }
}
