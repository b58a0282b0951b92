using System.Net;
using System.Net.Sockets;

namespace Standins.Tests.Hosting.Sample;

/// <summary>Listens on the port in PORT. Sends back what it was sent once the client has finished sending; or reads nothing at all.</summary>
internal static class SampleEcho
{
    public const string Verb = "sample-echo";
    public const string Deaf = "deaf";

    public static async Task<int> RunAsync(string[] args)
    {
        using var listener = new TcpListener(IPAddress.Loopback, int.Parse(Environment.GetEnvironmentVariable("PORT")!));
        listener.Start();
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync();
            if (args is not [Deaf])
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
}
