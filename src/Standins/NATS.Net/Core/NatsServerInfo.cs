using System.Text.Json;
using System.Text.Json.Serialization;

namespace Standins.NATS.Client.Core;

/// <summary>What a server says of itself in INFO.</summary>
public interface INatsServerInfo
{
    /// <summary>For instance 2.9.10.</summary>
    string Version { get; }

    /// <summary>The port the server listens on.</summary>
    int Port { get; }

    /// <summary>The largest message in bytes, headers included.</summary>
    int MaxPayload { get; }

    /// <summary>Whether JetStream is on.</summary>
    bool JetStreamAvailable { get; }
}

internal sealed record ServerInfo(
    string Version = "",
    int Port = 0,
    int MaxPayload = 1024 * 1024,
    [property: JsonPropertyName("jetstream")] bool JetStreamAvailable = false,
    bool TlsRequired = false,
    bool TlsAvailable = false,
    string?[]? ConnectUrls = null,
    bool Ldm = false) : INatsServerInfo
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    public static ServerInfo Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<ServerInfo>(json, Json) ?? throw new NatsProtocolViolationException("INFO without an object");
        }
        catch (JsonException e)
        {
            throw new NatsProtocolViolationException("INFO is not valid JSON: " + e.Message);
        }
    }
}
