using System.Net;
using System.Net.Sockets;

namespace Standins.Tests.Hosting.Sample;

/// <summary>Listens on the port in PORT. Sends back what it was sent once the client has finished sending; or reads nothing at all; or refuses before it has read everything.</summary>
internal static class SampleEcho
{
    public const string Verb = "sample-echo";
    public const string Deaf = "deaf";
    public const string Rude = "rude";

    public static byte[] Refusal { get; } = "no"u8.ToArray();

    public static async Task<int> RunAsync(string[] args)
    {
        using var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!));
        listener.Start();
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            if (args is [Rude])
                _ = RefuseAsync(client);
            else if (args is not [Deaf])
                _ = EchoAsync(client);
        }
    }

    private static async Task EchoAsync(TcpClient client)
    {
        using (client)
        {
            using var received = new MemoryStream();
            await client.GetStream().CopyToAsync(received);
            await client.GetStream().WriteAsync(received.ToArray());
        }
    }

    private static async Task RefuseAsync(TcpClient client)
    {
        using (client)
        {
            await client.GetStream().ReadExactlyAsync(new byte[1]);
            await client.GetStream().WriteAsync(Refusal);
        }
    }
}
