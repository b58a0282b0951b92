using System.Net.Sockets;
using System.Text;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>What other clients may put into a topic's stream.</summary>
public sealed class JetStreamForeignMessages
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_message_with_a_broken_header_block_arrives_with_its_body_the_block_and_the_cause()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var transport = new JetStreamTransport(server.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition("orders.events")], Cancel);
        await using var consumption = Consumption.Start(transport, new Subscription("orders.events", "group", MaxBatch: 10, Prefetch: 20));

        const string Block = "NATS/1.0\r\nno name\r\n\r\n";
        await SendAsync(server.Url, $"HPUB orders.events.0.foreign.key {Block.Length} {Block.Length + 7}\r\n{Block}payload\r\n");

        var delivery = (await consumption.HandledAsync(1)).ShouldHaveSingleItem();
        Encoding.UTF8.GetString(delivery.Body.Span).ShouldBe("payload");
        delivery.Key.ShouldBe("key");
        delivery.Attributes.ShouldContain(new KeyValuePair<string, string>("headerblock", Block));
        delivery.Attributes.ShouldContain(attribute => attribute.Key == "headererror" && attribute.Value.Length > 0);
    }

    /// <summary>Past the client, which writes no broken headers. The answer to PING says that the server has taken the command.</summary>
    private static async Task SendAsync(string url, string command)
    {
        var address = new Uri(url);
        using var client = new TcpClient();
        await client.ConnectAsync(address.Host, address.Port, Cancel);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"CONNECT {{\"headers\":true,\"verbose\":false}}\r\n{command}PING\r\n"), Cancel);
        using var reader = new StreamReader(stream, Encoding.ASCII);
        while (await reader.ReadLineAsync(Cancel) is { } line && line != "PONG")
            line.ShouldNotStartWith("-ERR");
    }
}
