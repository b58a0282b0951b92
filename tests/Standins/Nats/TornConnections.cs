using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Standins.Nats;

public class TornConnections
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Every_publish_of_a_window_ends_though_the_connection_is_reset_again_and_again()
    {
        const int Count = 20_000;
        await using var server = new NatsServer();
        await server.InitializeAsync();
        using var proxy = new Proxy(server.Port);
        await using var nats = new NatsConnection(server.Opts with { Url = proxy.Url });
        var js = new NatsJSContext(nats, new NatsJSOpts(nats.Opts, requestTimeout: TimeSpan.FromMilliseconds(500)));
        var stream = await js.CreateStreamAsync(new StreamConfig("TORN", ["torn.>"]), Ct);
        var stored = 0;
        var unanswered = 0;

        var publishing = Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 500, CancellationToken = Ct }, async (i, token) =>
        {
            while (true)
            {
                var result = await js.TryPublishAsync("torn.x", i, opts: new NatsJSPubOpts { MsgId = i.ToString() }, cancellationToken: token);
                if (result.Success && result.Value.Error is null)
                    break;

                result.Error.ShouldBeOfType<NatsJSPublishNoResponseException>();
                Interlocked.Increment(ref unanswered);
            }

            Interlocked.Increment(ref stored);
        });
        for (var reset = 1; reset <= 5; reset++)
        {
            await Wait.UntilAsync(() => publishing.IsCompleted || Volatile.Read(ref stored) > reset * Count / 6, "publishing is under way");
            proxy.ResetAll();
        }

        await publishing.WaitAsync(TimeSpan.FromMinutes(1), Ct);
        unanswered.ShouldBeGreaterThan(0);
        await stream.RefreshAsync(Ct);
        stream.Info.State.Messages.ShouldBe(Count);
    }

    // Passes bytes on to a server until it resets the connections.
    private sealed class Proxy : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentBag<Socket> _sockets = [];

        public Proxy(int port)
        {
            _listener.Start();
            _ = ServeAsync(port);
        }

        public string Url => $"nats://{_listener.LocalEndpoint}";

        public void ResetAll()
        {
            while (_sockets.TryTake(out var socket))
            {
                try
                {
                    socket.LingerState = new LingerOption(enable: true, seconds: 0);
                }
                catch (ObjectDisposedException)
                {
                    // It went with its other end.
                }

                socket.Dispose();
            }
        }

        public void Dispose()
        {
            _listener.Dispose();
            ResetAll();
        }

        private async Task ServeAsync(int port)
        {
            try
            {
                while (true)
                {
                    var client = await _listener.AcceptSocketAsync(Ct);
                    var server = new Socket(SocketType.Stream, ProtocolType.Tcp);
                    await server.ConnectAsync(IPAddress.Loopback, port, Ct);
                    _sockets.Add(client);
                    _sockets.Add(server);
                    _ = PassAsync(client, server);
                    _ = PassAsync(server, client);
                }
            }
            catch (SocketException)
            {
                // Disposed.
            }
        }

        private static async Task PassAsync(Socket from, Socket to)
        {
            var buffer = new byte[64 * 1024];
            try
            {
                for (int count; (count = await from.ReceiveAsync(buffer, Ct)) > 0;)
                    await to.SendAsync(buffer.AsMemory(0, count), Ct);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                // Reset.
            }
            finally
            {
                to.Dispose(); // Whoever is on the other side must not wait for one that has gone.
            }
        }
    }
}
