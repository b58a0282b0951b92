using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;
using Standins.NATS.Client.Serializers.Json;

namespace Standins.NATS.Client.JetStream;

/// <summary>The JSON of the JetStream API: snake case, durations in nanoseconds, nothing where the server's default is meant.</summary>
internal static class NatsJSJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
        Converters = { new Nanoseconds(), new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower) },
    };

    public static NatsJsonSerializer<T> Serializer<T>() => new(Options);

    private sealed class Nanoseconds : JsonConverter<TimeSpan>
    {
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TimeSpan.FromTicks(reader.GetInt64() / TimeSpan.NanosecondsPerTick);

        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) =>
            writer.WriteNumberValue(value.Ticks * TimeSpan.NanosecondsPerTick);
    }
}

/// <summary>A response of the JetStream API: a value or an error.</summary>
internal readonly record struct NatsJSApiResult<T>(T? Value, ApiError? Error)
    where T : class;

/// <summary>Reads responses of the JetStream API. Only errors have a property "error" at the top.</summary>
internal sealed class NatsJSApiResultSerializer<T> : INatsDeserialize<NatsJSApiResult<T>>
    where T : class
{
    public static readonly NatsJSApiResultSerializer<T> Default = new();

    public NatsJSApiResult<T> Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
            return default;

        var reader = new Utf8JsonReader(buffer);
        using var document = JsonDocument.ParseValue(ref reader);
        return document.RootElement.TryGetProperty("error"u8, out var error)
            ? new NatsJSApiResult<T>(null, error.Deserialize<ApiError>(NatsJSJson.Options))
            : new NatsJSApiResult<T>(document.RootElement.Deserialize<T>(NatsJSJson.Options), null);
    }
}

/// <summary>Reads the answer to a publish, by hand: there is one per message.</summary>
internal sealed class PubAckSerializer : INatsDeserialize<PubAckResponse>
{
    public static readonly PubAckSerializer Default = new();

    // The same stream answers again and again.
    private volatile string _lastStream = string.Empty;

    public PubAckResponse? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (buffer.IsEmpty)
            return null;

        var ack = new PubAckResponse();
        var reader = new Utf8JsonReader(buffer);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("stream"u8))
                ack.Stream = ReadStream(ref reader);
            else if (reader.ValueTextEquals("seq"u8) && reader.Read())
                ack.Seq = reader.GetUInt64();
            else if (reader.ValueTextEquals("duplicate"u8) && reader.Read())
                ack.Duplicate = reader.GetBoolean();
            else if (reader.ValueTextEquals("error"u8))
                ack.Error = JsonSerializer.Deserialize<ApiError>(ref reader, NatsJSJson.Options);
            else
                reader.Skip();
        }

        return ack;
    }

    private string? ReadStream(ref Utf8JsonReader reader)
    {
        reader.Read();
        var last = _lastStream;
        return reader.ValueTextEquals(last) ? last : _lastStream = reader.GetString() ?? string.Empty;
    }
}
