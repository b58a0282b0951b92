using System.Buffers;
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

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_reply_that_is_being_read_when_the_connection_is_given_up_is_read_to_its_end()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        using var proxy = new Proxy(server.Port);
        await using var service = server.Connect();
        await using var subscription = await service.SubscribeCoreAsync<byte[]>("echo", cancellationToken: Ct);
        await service.PingAsync(Ct);
        await using var nats = new NatsConnection(server.Opts with { Url = proxy.Url, PingInterval = TimeSpan.FromSeconds(1) });
        var question = new byte[200_000];
        Random.Shared.NextBytes(question);

        // While it reads, no answer to a ping is heard.
        var reader = new SlowReader(() =>
        {
            Wait.Until(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "given up");
            SpinWait.SpinUntil(() => proxy.IsLeft, TimeSpan.FromMilliseconds(500)).ShouldBeFalse("the buffers go with the connection");
        });
        var reply = nats.RequestAsync<byte[], byte[]>("echo", question, replySerializer: reader, cancellationToken: Ct).AsTask();
        await foreach (var message in subscription.Msgs.ReadAllAsync(Ct))
        {
            await message.ReplyAsync(message.Data, cancellationToken: Ct);
            break;
        }

        var answer = await reply.WaitAsync(Wait.Deadline, Ct);
        answer.EnsureSuccess();
        answer.Data.ShouldBe(question);
        await Wait.UntilAsync(() => proxy.IsLeft, "closed after that");
        await nats.PingAsync(Ct);
    }

    private sealed class SlowReader(Action before) : INatsDeserialize<byte[]>
    {
        public byte[] Deserialize(in ReadOnlySequence<byte> buffer)
        {
            before();
            return buffer.ToArray();
        }
    }

    // Passes bytes on to a server until it resets the connections.
    private sealed class Proxy : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly ConcurrentBag<Socket> _sockets = [];
        private volatile bool _isLeft;

        public Proxy(int port)
        {
            _listener.Start();
            _ = ServeAsync(port);
        }

        public string Url => $"nats://{_listener.LocalEndpoint}";

        /// <summary>Whether a client or the server has closed a connection.</summary>
        public bool IsLeft => _isLeft;

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

        private async Task PassAsync(Socket from, Socket to)
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
                _isLeft = true;
                to.Dispose(); // Whoever is on the other side must not wait for one that has gone.
            }
        }
    }
}
