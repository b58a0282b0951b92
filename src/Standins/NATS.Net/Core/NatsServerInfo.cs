using System.Text.Json;
using System.Text.Json.Serialization;

namespace Standins.NATS.Client.Core;

/// <summary>What a server says of itself in INFO.</summary>
public interface INatsServerInfo
{
    /// <summary>The server's id, new at every start.</summary>
    string Id { get; }

    /// <summary>The server's name.</summary>
    string Name { get; }

    /// <summary>For instance 2.9.10.</summary>
    string Version { get; }

    /// <summary>The protocol's version.</summary>
    long ProtocolVersion { get; }

    /// <summary>The address the server listens on.</summary>
    string Host { get; }

    /// <summary>The port the server listens on.</summary>
    int Port { get; }

    /// <summary>Whether messages can have headers.</summary>
    bool HeadersSupported { get; }

    /// <summary>Whether credentials are needed.</summary>
    bool AuthRequired { get; }

    /// <summary>Whether the server accepts TLS connections only.</summary>
    bool TlsRequired { get; }

    /// <summary>The largest message in bytes, headers included.</summary>
    int MaxPayload { get; }

    /// <summary>Whether JetStream is on.</summary>
    bool JetStreamAvailable { get; }

    /// <summary>The server's number for this connection.</summary>
    ulong ClientId { get; }

    /// <summary>The cluster's name, if there is one.</summary>
    string? Cluster { get; }

    /// <summary>Other servers of the cluster, as host:port.</summary>
    string[]? ClientConnectUrls { get; }

    /// <summary>Whether the server is about to shut down.</summary>
    bool LameDuckMode { get; }
}

internal sealed record ServerInfo : INatsServerInfo
{
    [JsonPropertyName("server_id")]
    public string Id { get; init; } = string.Empty;

    [JsonPropertyName("server_name")]
    public string Name { get; init; } = string.Empty;

    [JsonPropertyName("version")]
    public string Version { get; init; } = string.Empty;

    [JsonPropertyName("proto")]
    public long ProtocolVersion { get; init; }

    [JsonPropertyName("host")]
    public string Host { get; init; } = string.Empty;

    [JsonPropertyName("port")]
    public int Port { get; init; }

    [JsonPropertyName("headers")]
    public bool HeadersSupported { get; init; }

    [JsonPropertyName("auth_required")]
    public bool AuthRequired { get; init; }

    [JsonPropertyName("tls_required")]
    public bool TlsRequired { get; init; }

    [JsonPropertyName("tls_available")]
    public bool TlsAvailable { get; init; }

    [JsonPropertyName("max_payload")]
    public int MaxPayload { get; init; } = 1024 * 1024;

    [JsonPropertyName("jetstream")]
    public bool JetStreamAvailable { get; init; }

    [JsonPropertyName("client_id")]
    public ulong ClientId { get; init; }

    [JsonPropertyName("cluster")]
    public string? Cluster { get; init; }

    [JsonPropertyName("connect_urls")]
    public string[]? ClientConnectUrls { get; init; }

    [JsonPropertyName("ldm")]
    public bool LameDuckMode { get; init; }

    public static ServerInfo Parse(ReadOnlySpan<byte> json)
    {
        try
        {
            return JsonSerializer.Deserialize<ServerInfo>(json) ?? throw new NatsProtocolViolationException("INFO without an object");
        }
        catch (JsonException e)
        {
            throw new NatsProtocolViolationException("INFO is not valid JSON: " + e.Message);
        }
    }
}
