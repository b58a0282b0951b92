using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Standins.Nats.Inside;

/// <summary>A server that says whatever a test tells it to.</summary>
internal sealed class FakeServer : IDisposable
{
    public const string Info = "INFO {\"server_id\":\"fake\",\"version\":\"2.9.10\",\"headers\":true,\"max_payload\":1048576}\r\n";

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public FakeServer() => _listener.Start();

    public NatsOpts Opts => new()
    {
        Url = $"nats://{_listener.LocalEndpoint}",
        ReconnectWaitMin = TimeSpan.FromMilliseconds(10),
        ReconnectWaitMax = TimeSpan.FromMilliseconds(50),
        CommandTimeout = TimeSpan.FromMilliseconds(200),
        ConnectTimeout = TimeSpan.FromSeconds(20),
        MaxPayloadHardCap = 1000,
    };

    public void Dispose() => _listener.Dispose();

    public async Task<Peer> AcceptAsync() => new(await _listener.AcceptSocketAsync(TestContext.Current.CancellationToken));

    /// <summary>Accepts a client and says what a server says to one it lets in.</summary>
    public async Task<Peer> GreetAsync()
    {
        var peer = await AcceptAsync();
        await peer.SendAsync(Info);
        await peer.ReadUntilAsync("PING");
        await peer.SendAsync("PONG\r\n");
        return peer;
    }

    /// <summary>One client, as the server sees it.</summary>
    internal sealed class Peer(Socket socket) : IDisposable
    {
        private readonly StringBuilder _read = new();

        /// <summary>Everything the client has said so far.</summary>
        public string Text => _read.ToString();

        public async Task SendAsync(string text) => await socket.SendAsync(Encoding.Latin1.GetBytes(text), TestContext.Current.CancellationToken);

        public async Task ReadUntilAsync(string text, int times = 1)
        {
            while (Text.Split(text).Length <= times)
                (await ReadAsync()).ShouldBeTrue($"'{text}' before the end of '{_read}'");
        }

        /// <summary>Returns when the client has closed its side.</summary>
        public async Task ClosedAsync()
        {
            while (await ReadAsync())
            {
            }
        }

        public void Dispose() => socket.Dispose();

        private async Task<bool> ReadAsync()
        {
            var buffer = new byte[64 * 1024];
            try
            {
                var count = await socket.ReceiveAsync(buffer, TestContext.Current.CancellationToken).AsTask().WaitAsync(Wait.Deadline);
                _read.Append(Encoding.Latin1.GetString(buffer, 0, count));
                return count > 0;
            }
            catch (SocketException)
            {
                return false;
            }
        }
    }
}
