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

/// <summary>Hands out serializers by type.</summary>
public interface INatsSerializerRegistry
{
    /// <summary>The serializer for a type.</summary>
    INatsSerialize<T> GetSerializer<T>();

    /// <summary>The deserializer for a type.</summary>
    INatsDeserialize<T> GetDeserializer<T>();
}
