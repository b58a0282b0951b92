using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Standins.Nats;

public class Connecting
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task User_and_password_come_from_the_url_or_the_options()
    {
        await using var server = new NatsServer { Arguments = ["--user", "svc:1", "--pass", "p@ss/word"] };
        await server.InitializeAsync();
        var url = $"nats://{Uri.EscapeDataString("svc:1")}:{Uri.EscapeDataString("p@ss/word")}@127.0.0.1:{server.Port}";

        await using (var byUrl = new NatsConnection(server.Opts with { Url = url }))
            await byUrl.PingAsync(Ct);

        await using var byOptions = new NatsConnection(server.Opts with { AuthOpts = new NatsAuthOpts { Username = "svc:1", Password = "p@ss/word" } });
        await byOptions.PingAsync(Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_token_comes_from_the_url_or_the_options()
    {
        await using var server = new NatsServer { Arguments = ["--auth", "s3cret"] };
        await server.InitializeAsync();

        await using (var byUrl = new NatsConnection(server.Opts with { Url = $"nats://s3cret@127.0.0.1:{server.Port}" }))
            await byUrl.PingAsync(Ct);

        await using var byOptions = new NatsConnection(server.Opts with { AuthOpts = new NatsAuthOpts { Token = "s3cret" } });
        await byOptions.PingAsync(Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_wrong_password_is_told_as_such_and_never_shown()
    {
        await using var server = new NatsServer { Arguments = ["--user", "svc", "--pass", "right"] };
        await server.InitializeAsync();
        await using var nats = new NatsConnection(server.Opts with { Url = $"nats://svc:wrong-password@127.0.0.1:{server.Port}" });

        var error = await Should.ThrowAsync<NatsException>(async () => await nats.ConnectAsync());

        error.InnerException.ShouldBeOfType<NatsServerException>().IsAuthError.ShouldBeTrue();
        error.ToString().ShouldNotContain("wrong-password");
        nats.Opts.ToString().ShouldNotContain("right");
        nats.ConnectionState.ShouldBe(NatsConnectionState.Closed);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task No_server_is_a_typed_error_and_a_later_connect_tries_again()
    {
        await using var server = new NatsServer();
        await using var nats = server.Connect();

        await Should.ThrowAsync<NatsException>(async () => await nats.PublishAsync("x", "y", cancellationToken: Ct));

        await server.StartAsync();
        await nats.PublishAsync("x", "y", cancellationToken: Ct);
        nats.ConnectionState.ShouldBe(NatsConnectionState.Open);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_first_connect_can_be_patient()
    {
        await using var server = new NatsServer();
        await using var nats = new NatsConnection(server.Opts with { RetryOnInitialConnect = true });
        var connect = nats.ConnectAsync().AsTask();

        await server.StartAsync();

        await connect.WaitAsync(Wait.Deadline, Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_list_of_servers_is_tried_until_one_answers()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();

        await using var nats = new NatsConnection(server.Opts with { Url = $"nats://127.0.0.1:{NatsServer.FreePort()},127.0.0.1:{server.Port}", NoRandomize = true });

        await nats.PingAsync(Ct);
        nats.ServerInfo!.Port.ShouldBe(server.Port);
        nats.ServerInfo.JetStreamAvailable.ShouldBeTrue();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_first_urls_credentials_hold_for_the_whole_list()
    {
        await using var server = new NatsServer { Arguments = ["--user", "svc", "--pass", "right"] };
        await server.InitializeAsync();

        await using var nats = new NatsConnection(server.Opts with { Url = $"nats://svc:right@127.0.0.1:{NatsServer.FreePort()},nats://127.0.0.1:{server.Port}" });

        await nats.PingAsync(Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_that_says_nothing_does_not_hold_the_caller()
    {
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start();
        await using var nats = new NatsConnection(new NatsOpts { Url = $"nats://{mute.LocalEndpoint}", ConnectTimeout = TimeSpan.FromMilliseconds(300) });

        await Should.ThrowAsync<NatsException>(nats.ConnectAsync().AsTask().WaitAsync(Wait.Deadline, Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_that_is_none_is_a_typed_error()
    {
        using var http = new TcpListener(IPAddress.Loopback, 0);
        http.Start();
        await using var nats = new NatsConnection(new NatsOpts { Url = $"nats://{http.LocalEndpoint}" });
        var connect = nats.ConnectAsync().AsTask();

        using var client = await http.AcceptTcpClientAsync(Ct);
        await client.GetStream().WriteAsync("HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray(), Ct);

        await Should.ThrowAsync<NatsException>(connect.WaitAsync(Wait.Deadline, Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_lost_connection_comes_back_with_its_subscriptions()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var events = new ConcurrentQueue<string>();
        nats.ConnectionOpened += Record("opened");
        nats.ConnectionDisconnected += Record("disconnected");
        nats.ReconnectFailed += Record("failed");
        await using var subscription = await nats.SubscribeCoreAsync<string>("back", cancellationToken: Ct);

        await server.KillAsync();
        await Wait.UntilAsync(() => events.Contains("failed"), "a reconnect failed");
        nats.ConnectionState.ShouldBe(NatsConnectionState.Reconnecting);
        var waiting = nats.PublishAsync("back", "published while down", cancellationToken: Ct).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await server.StartAsync();

        await waiting.WaitAsync(Wait.Deadline, Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe("published while down");
        await Wait.UntilAsync(() => events.Count(e => e == "opened") == 2, "opened again");
        events.First().ShouldBe("opened");
        events.Skip(1).First().ShouldBe("disconnected");

        AsyncEventHandler<NatsEventArgs> Record(string name) => (_, _) =>
        {
            events.Enqueue(name);
            return default;
        };
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_publish_that_waits_for_the_connection_can_be_cancelled()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var patient = server.Connect();
        await patient.ConnectAsync();
        await server.KillAsync();
        await Wait.UntilAsync(() => patient.ConnectionState != NatsConnectionState.Open, "disconnected");

        using var cancel = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
        await Should.ThrowAsync<OperationCanceledException>(async () => await patient.PublishAsync("x", "y", cancellationToken: cancel.Token));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_that_stops_reading_holds_publishers_back()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        await using var subscription = await nats.SubscribeCoreAsync<byte[]>("pressure", cancellationToken: Ct);
        var payload = new byte[500_000];
        await nats.PingAsync(Ct);
        await server.SuspendAsync();

        // Socket buffers take some megabytes; then somebody has to wait.
        var held = Task.CompletedTask;
        var sent = 0;
        for (; sent < 200 && held.IsCompleted; sent++)
        {
            held = nats.PublishAsync("pressure", payload, cancellationToken: Ct).AsTask();
            await Task.WhenAny(held, Task.Delay(500, Ct));
        }

        held.IsCompleted.ShouldBeFalse();
        await server.ResumeAsync();
        await held.WaitAsync(Wait.Deadline, Ct);
        (await subscription.Msgs.ReadAllAsync(Ct).TakeAsync(sent)).Count.ShouldBe(sent);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_connection_without_answers_to_pings_is_given_up()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = new NatsConnection(server.Opts with { PingInterval = TimeSpan.FromMilliseconds(100), CommandTimeout = TimeSpan.FromMilliseconds(100) });
        await nats.ConnectAsync();

        await server.SuspendAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "noticed");
        await server.ResumeAsync();

        await nats.PingAsync(Ct).AsTask().WaitAsync(Wait.Deadline, Ct);
    }
}
