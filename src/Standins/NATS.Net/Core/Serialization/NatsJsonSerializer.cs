using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text.Json;
using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.Serializers.Json;

/// <summary>Values as JSON, by reflection. An empty payload reads as the type's default.</summary>
public sealed class NatsJsonSerializer<T>(JsonSerializerOptions opts) : INatsSerialize<T>, INatsDeserialize<T>
{
    /// <summary>With the default options of System.Text.Json.</summary>
    [SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The shape is the official API's.")]
    public static NatsJsonSerializer<T> Default { get; } = new(JsonSerializerOptions.Default);

    /// <inheritdoc />
    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        using var writer = new Utf8JsonWriter(bufferWriter);
        JsonSerializer.Serialize(writer, value, opts);
    }

    /// <inheritdoc />
    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
            return default;

        var reader = new Utf8JsonReader(buffer);
        return JsonSerializer.Deserialize<T>(ref reader, opts);
    }
}

/// <summary>JSON for every type.</summary>
public sealed class NatsJsonSerializerRegistry : INatsSerializerRegistry
{
    /// <summary>The one instance needed.</summary>
    public static readonly NatsJsonSerializerRegistry Default = new();

    /// <inheritdoc />
    public INatsSerialize<T> GetSerializer<T>() => NatsJsonSerializer<T>.Default;

    /// <inheritdoc />
    public INatsDeserialize<T> GetDeserializer<T>() => NatsJsonSerializer<T>.Default;
}
