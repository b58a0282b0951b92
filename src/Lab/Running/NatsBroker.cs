using System.Net.Sockets;
using System.Text.Json;

namespace Lab.Running;

/// <summary>Reads what a NATS server says of itself: the first line it sends on a new connection, <c>INFO {…}</c>.</summary>
internal static class NatsBroker
{
    /// <summary>What its description calls it.</summary>
    public const string Name = "NATS JetStream";

    public static async Task<BrokerDescription> DescribeAsync(string connectionString, CancellationToken cancellationToken)
    {
        var server = new Uri(connectionString);
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellationToken);
        using var reader = new StreamReader(client.GetStream());
        var line = await reader.ReadLineAsync(cancellationToken);
        if (line?.StartsWith("INFO ", StringComparison.Ordinal) != true) throw new LabException($"{server.Host}:{server.Port} is no NATS server");
        using var info = JsonDocument.Parse(line.AsMemory(5));
        return new BrokerDescription(Name, info.RootElement.GetProperty("version").GetString(), IsEmbedded: false);
    }
}
