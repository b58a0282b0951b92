using System.Buffers;

namespace Standins.NATS.Client.Core;

/// <summary>Writes a value as a payload.</summary>
public interface INatsSerialize<in T>
{
    /// <summary>Writes <paramref name="value"/> to <paramref name="bufferWriter"/>.</summary>
    void Serialize(IBufferWriter<byte> bufferWriter, T value);
}

/// <summary>Reads a value from a payload.</summary>
public interface INatsDeserialize<out T>
{
    /// <summary>Reads <paramref name="buffer"/>, which is valid during the call only.</summary>
    T? Deserialize(in ReadOnlySequence<byte> buffer);
}

/// <summary>Both directions, with a successor to ask about types it does not know itself.</summary>
public interface INatsSerializer<T> : INatsSerialize<T>, INatsDeserialize<T>
{
    /// <summary>The same serializer with <paramref name="next"/> as its successor.</summary>
    INatsSerializer<T> CombineWith(INatsSerializer<T> next);
}

/// <summary>Hands out serializers by type.</summary>
public interface INatsSerializerRegistry
{
    /// <summary>The serializer for a type.</summary>
    INatsSerialize<T> GetSerializer<T>();

    /// <summary>The deserializer for a type.</summary>
    INatsDeserialize<T> GetDeserializer<T>();
}

/// <summary>Bytes, strings and UTF-8 primitives; anything else throws <see cref="NatsException"/>.</summary>
public class NatsDefaultSerializerRegistry : INatsSerializerRegistry
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsDefaultSerializerRegistry Default = new();

    /// <inheritdoc />
    public INatsSerialize<T> GetSerializer<T>() => NatsRawSerializer<T>.Default;

    /// <inheritdoc />
    public INatsDeserialize<T> GetDeserializer<T>() => NatsRawSerializer<T>.Default;
}
