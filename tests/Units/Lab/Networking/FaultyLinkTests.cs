using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Lab.Networking;

namespace Units.Lab.Networking;

/// <summary>A link to a server that sends back what it gets, over real sockets.</summary>
public sealed class FaultyLinkTests : IAsyncLifetime
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(150);

    private readonly EchoServer _server = new();
    private readonly FaultyLink _link = new("orders-database", TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task Bytes_pass_both_ways_unchanged_and_ends_are_passed_on()
    {
        using var client = await ConnectAsync();
        var sent = new byte[3_000_000];
        new Random(1).NextBytes(sent);
        var stream = client.GetStream(); // A client that has ended its side is told that it is not connected.
        var sending = SendAndEndAsync(client, sent);

        var received = new MemoryStream();
        await stream.CopyToAsync(received, Cancel).WaitAsync(Limit, Cancel);

        await sending;
        received.ToArray().ShouldBe(sent);
    }

    [Fact]
    public async Task The_same_server_has_the_same_port()
    {
        var port = _link.PortTo("127.0.0.1", _server.Port);

        _link.PortTo("127.0.0.1", _server.Port).ShouldBe(port);
        _link.PortTo("127.0.0.1", _server.Port + 1).ShouldNotBe(port);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Delayed_bytes_arrive_later()
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);

        using (_link.Delay(Moment))
            (await TimeAsync(() => EchoAsync(client))).ShouldBeGreaterThan(Moment * 1.9);
        await EchoAsync(client);
    }

    [Theory]
    [InlineData(LinkDirections.Requests, 0)]
    [InlineData(LinkDirections.Answers, 1)]
    [InlineData(LinkDirections.Both, 0)]
    internal async Task Stalled_bytes_arrive_when_it_is_over(LinkDirections directions, int arrivedMeanwhile)
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);
        var before = _server.Received;

        Task<int> answer;
        using (_link.Stall(directions))
        {
            answer = EchoAsync(client);
            if (arrivedMeanwhile > 0)
                await EventuallyAsync(() => _server.Received == before + 1);
            await Task.Delay(Moment, Cancel);
            answer.IsCompleted.ShouldBeFalse();
            _server.Received.ShouldBe(before + arrivedMeanwhile);
        }

        (await answer.WaitAsync(Limit, Cancel)).ShouldBe(1);
    }

    [Fact]
    public async Task Two_stalls_are_over_when_both_are()
    {
        using var client = await ConnectAsync();
        var (first, second) = (_link.Stall(), _link.Stall(LinkDirections.Requests));
        var answer = EchoAsync(client);

        first.Dispose();
        first.Dispose();
        await Task.Delay(Moment, Cancel);
        answer.IsCompleted.ShouldBeFalse();
        second.Dispose();

        (await answer.WaitAsync(Limit, Cancel)).ShouldBe(1);
    }

    [Fact]
    public async Task Cut_it_breaks_what_is_open_and_refuses_what_is_new_until_it_is_over()
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);

        using (_link.Cut())
        {
            await ShouldBreakAsync(() => EchoAsync(client));
            await ShouldBreakAsync(async () =>
            {
                using var late = await ConnectAsync();
                await EchoAsync(late);
            });
        }

        using var again = await ConnectAsync();
        (await EchoAsync(again)).ShouldBe(1);
    }

    [Fact]
    public async Task Reset_in_the_middle_half_of_the_next_bytes_arrives()
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);
        var before = _server.Received;

        _link.ResetInTheMiddle().ShouldBe(1);
        await client.GetStream().WriteAsync(new byte[1000], Cancel);
        await ShouldBreakAsync(async () =>
        {
            while (true) await EchoAsync(client); // Half of an answer may still come.
        });

        await EventuallyAsync(() => _link.Connections == 0);
        (_server.Received - before).ShouldBeLessThanOrEqualTo(500);
        using var again = await ConnectAsync();
        (await EchoAsync(again)).ShouldBe(1);
    }

    [Fact]
    public async Task What_was_to_break_in_the_middle_and_carried_nothing_breaks_at_the_end()
    {
        using var idle = await ConnectAsync();
        await EchoAsync(idle);

        _link.ResetInTheMiddle();
        _link.EndResets();

        await EventuallyAsync(() => _link.Connections == 0);
        _link.Resets.ShouldBe(0);
        using var again = await ConnectAsync();
        (await EchoAsync(again)).ShouldBe(1);
    }

    [Fact]
    public async Task Dropped_answers_are_gone_though_the_requests_arrived_and_the_connection_breaks()
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);
        using var idle = await ConnectAsync();
        await EchoAsync(idle);
        var before = _server.Received;

        Task<int> answer;
        using (_link.DropAnswers())
        {
            answer = EchoAsync(client);
            await EventuallyAsync(() => _server.Received == before + 1);
            await Task.Delay(Moment, Cancel);
            answer.IsCompleted.ShouldBeFalse();
        }

        await ShouldBreakAsync(() => answer);
        (await EchoAsync(idle)).ShouldBe(1);
    }

    [Fact]
    public async Task Narrow_it_carries_no_more_than_told_and_no_byte_is_lost()
    {
        using var client = await ConnectAsync();
        var sent = new byte[60_000];
        TimeSpan took;
        using (_link.Narrow(100_000))
            took = await TimeAsync(() => RoundTripAsync(client, sent));

        took.ShouldBeGreaterThan(TimeSpan.FromSeconds(0.5));
        (await TimeAsync(() => RoundTripAsync(client, sent))).ShouldBeLessThan(took);
    }

    [Fact]
    public async Task A_server_that_is_away_ends_the_connection()
    {
        var port = _link.PortTo("127.0.0.1", _server.Port);
        await _server.DisposeAsync();

        await ShouldBreakAsync(async () =>
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, Cancel);
            await EchoAsync(client);
        });
    }

    [Fact]
    public async Task Disposed_it_leaves_no_connection_and_nothing_listens()
    {
        using var client = await ConnectAsync();
        await EchoAsync(client);
        var port = _link.PortTo("127.0.0.1", _server.Port);
        using var stalled = _link.Stall();

        await _link.DisposeAsync().AsTask().WaitAsync(Limit, Cancel);

        await ShouldBreakAsync(() => EchoAsync(client));
        using var late = new TcpClient();
        await Should.ThrowAsync<SocketException>(() => late.ConnectAsync(IPAddress.Loopback, port, Cancel).AsTask());
    }

    private static async Task<int> EchoAsync(TcpClient client)
    {
        await client.GetStream().WriteAsync(new byte[1], Cancel);
        return await ReadAsync(client, new byte[1]);
    }

    private static async Task<int> ReadAsync(TcpClient client, byte[] buffer)
    {
        await client.GetStream().ReadExactlyAsync(buffer, Cancel);
        return buffer.Length;
    }

    private static async Task RoundTripAsync(TcpClient client, byte[] sent)
    {
        var reading = ReadAsync(client, new byte[sent.Length]);
        await client.GetStream().WriteAsync(sent, Cancel);
        await reading.WaitAsync(Limit, Cancel);
    }

    private static async Task SendAndEndAsync(TcpClient client, byte[] sent)
    {
        await client.GetStream().WriteAsync(sent, Cancel);
        client.Client.Shutdown(SocketShutdown.Send);
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> action)
    {
        var began = Stopwatch.GetTimestamp();
        await action();
        return Stopwatch.GetElapsedTime(began);
    }

    private static async Task ShouldBreakAsync(Func<Task> action)
    {
        var broken = await Should.ThrowAsync<Exception>(() => action().WaitAsync(Limit, Cancel));
        (broken is IOException or SocketException).ShouldBeTrue(broken.ToString());
    }

    private static async Task EventuallyAsync(Func<bool> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        while (!holds())
            await Task.Delay(5, limit.Token);
    }

    private async Task<TcpClient> ConnectAsync()
    {
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(IPAddress.Loopback, _link.PortTo("127.0.0.1", _server.Port), Cancel);
        return client;
    }

    /// <summary>Sends back what it gets and counts it.</summary>
    private sealed class EchoServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stopping = new();
        private readonly Task _serving;
        private long _received;

        public EchoServer()
        {
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _serving = ServeAsync();
        }

        public int Port { get; }

        public long Received => Interlocked.Read(ref _received);

        public async ValueTask DisposeAsync()
        {
            await _stopping.CancelAsync();
            _listener.Stop();
            await _serving;
        }

        private async Task ServeAsync()
        {
            var serving = new List<Task>();
            try
            {
                while (true)
                    serving.Add(EchoAsync(await _listener.AcceptSocketAsync(_stopping.Token)));
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
                await Task.WhenAll(serving);
            }
        }

        private async Task EchoAsync(Socket socket)
        {
            using var client = socket;
            var buffer = new byte[16 * 1024];
            try
            {
                while (await client.ReceiveAsync(buffer, _stopping.Token) is var read and > 0)
                {
                    Interlocked.Add(ref _received, read);
                    for (var sent = 0; sent < read;)
                        sent += await client.SendAsync(buffer.AsMemory(sent, read - sent), _stopping.Token);
                }
            }
            catch (Exception end) when (end is OperationCanceledException or SocketException)
            {
                // The client or the test is done.
            }
        }
    }
}
