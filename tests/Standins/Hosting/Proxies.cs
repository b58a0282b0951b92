using System.Net.Sockets;
using Standins.Tests.Hosting.Sample;

namespace Standins.Tests.Hosting;

public class Proxies
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_connection_made_before_the_process_listens_waits_for_it_and_loses_nothing()
    {
        await using var application = await Running.StartAsync(b => b.AddEcho("echo"));
        await application.CommandAsync("echo", "stop");
        using var early = await ConnectAsync(application);
        var sent = new byte[3 * 1024 * 1024];
        Random.Shared.NextBytes(sent);
        var answer = ExchangeAsync(early, sent);

        (await application.CommandAsync("echo", "start")).Success.ShouldBeTrue();

        (await answer).SequenceEqual(sent).ShouldBeTrue();
    }

    [Fact]
    public async Task One_side_may_finish_sending_and_still_receive()
    {
        await using var application = await Running.StartAsync(b => b.AddEcho("echo"));
        using var client = await ConnectAsync(application);

        // The service answers only after the end of what it is sent.
        (await ExchangeAsync(client, [1, 2, 3])).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public async Task An_answer_arrives_although_the_service_closed_before_it_had_read_everything()
    {
        await using var application = await Running.StartAsync(b => b.AddEcho("echo", SampleEcho.Rude));
        using var limit = Running.NewLimit();
        for (var i = 0; i < 50; i++)
        {
            using var client = await ConnectAsync(application);
            await client.GetStream().WriteAsync(new byte[100_000], limit.Token);
            var answer = new byte[SampleEcho.Refusal.Length];
            await client.GetStream().ReadExactlyAsync(answer, limit.Token);
            answer.ShouldBe(SampleEcho.Refusal);
        }
    }

    [Fact]
    public async Task The_oldest_of_too_many_waiting_connections_makes_room_for_the_newest()
    {
        await using var application = await Running.StartAsync(b => b.AddEcho("echo"));
        await application.CommandAsync("echo", "stop");
        var waiting = new List<TcpClient>();
        for (var i = 0; i < 21; i++)
            waiting.Add(await ConnectAsync(application));

        (await EndOf(waiting[0])).ShouldBeTrue();
        await application.CommandAsync("echo", "start");

        foreach (var client in waiting.Skip(1))
            (await ExchangeAsync(client, [7])).ShouldBe([7]);
        waiting.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task A_service_that_does_not_read_stops_its_client_instead_of_filling_memory()
    {
        await using var application = await Running.StartAsync(b => b.AddEcho("echo", SampleEcho.Deaf));
        using var client = await ConnectAsync(application);
        using var limit = Running.NewLimit();
        var (written, most) = (0L, 1L << 30);
        var writing = WriteAsync();

        // Nothing more goes in for a while.
        for (var before = -1L; before != Interlocked.Read(ref written);)
        {
            before = Interlocked.Read(ref written);
            await Task.Delay(500, limit.Token);
        }

        Interlocked.Read(ref written).ShouldBeLessThan(64 << 20);
        client.Dispose();
        await Should.ThrowAsync<Exception>(() => writing);

        async Task WriteAsync()
        {
            var block = new byte[64 * 1024];
            while (Interlocked.Add(ref written, block.Length) < most)
                await client.GetStream().WriteAsync(block, limit.Token);
        }
    }

    [Fact]
    public async Task A_client_sees_that_the_process_was_killed()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc"));
        using var client = new TcpClient();
        await client.ConnectAsync("localhost", application.GetEndpoint("svc").Port, Token);
        await client.GetStream().WriteAsync("GET /pid HTTP/1.1\r\nHost: svc\r\n\r\n"u8.ToArray(), Token);
        (await client.GetStream().ReadAsync(new byte[1], Token)).ShouldBe(1);

        Processes.Kill(application.Now("svc").Pid(), 9);

        (await EndOf(client)).ShouldBeTrue();
    }

    [Fact]
    public async Task Without_a_proxy_the_process_listens_on_the_port_of_its_clients()
    {
        await using var application = await Running.StartAsync(b => b.AddSample("svc").WithHttpEndpoint(name: "direct", isProxied: false));

        var urls = (await application.EnvironmentAsync("svc"))["ASPNETCORE_URLS"].Split(';');

        urls[0].ShouldNotBe(application.GetEndpoint("svc").ToString().TrimEnd('/'));
        urls[1].ShouldBe(application.GetEndpoint("svc", "direct").ToString().TrimEnd('/'));
    }

    [Fact]
    public async Task A_target_port_is_that_of_the_process_and_a_fixed_port_that_of_the_proxy()
    {
        var (port, target) = (FreePort(), FreePort());
        await using var application = await Running.StartAsync(
            b =>
            {
                var echo = b.AddExecutable("echo", Samples.Program, ".", SampleEcho.Verb).WithEndpoint(port, target, env: "PORT");
                b.AddExecutable("print", "echo", ".").WithArgs(c => c.Args.Add(echo.GetEndpoint("tcp").Property(EndpointProperty.TargetPort)));
            },
            "--DcpPublisher:RandomizePorts=false");

        application.GetEndpoint("echo", "tcp").Port.ShouldBe(port);
        using var client = new TcpClient();
        await client.ConnectAsync("localhost", port, Token);
        (await ExchangeAsync(client, [9])).ShouldBe([9]);
        using var direct = new TcpClient();
        await direct.ConnectAsync("localhost", target, Token);
        (await ExchangeAsync(direct, [8])).ShouldBe([8]);
    }

    [Fact]
    public async Task Endpoints_that_contradict_themselves_are_refused_in_aspires_words()
    {
        await RefusedAsync(
            s => s.WithReplicas(2).WithHttpEndpoint(name: "fast", isProxied: false),
            "Resource 'svc' uses multiple replicas and a proxy-less endpoint 'fast'. These features do not work together.");
        await RefusedAsync(
            s => s.WithReplicas(2).WithHttpEndpoint(name: "fast", targetPort: 5000),
            "Resource 'svc' can have multiple replicas, and it uses endpoint 'fast' that has TargetPort property set. Each replica must have a unique port; setting TargetPort is not allowed.");
        await RefusedAsync(
            s => s.WithHttpEndpoint(5000, 5000, name: "fast"),
            "The endpoint 'fast' for resource 'svc' requested a proxy (IsProxied is true). Non-container resources cannot be proxied when both TargetPort and Port are specified with the same value.");
        await RefusedAsync(
            s => s.WithHttpEndpoint(5000, 5001, name: "fast", isProxied: false),
            "The endpoint 'fast' for resource 'svc' is not using a proxy, and it has a value of Port property that is different from the value of TargetPort property. For proxy-less endpoints they must match.");
    }

    private static async Task RefusedAsync(Action<IResourceBuilder<ProjectResource>> describe, string sentence) =>
        (await Should.ThrowAsync<DistributedApplicationException>(() => Running.StartAsync(b => describe(b.AddSample("svc"))))).Message.ShouldBe(sentence);

    private static async Task<TcpClient> ConnectAsync(DistributedApplication application)
    {
        var client = new TcpClient();
        await client.ConnectAsync("localhost", application.GetEndpoint("echo", "tcp").Port, Token);
        return client;
    }

    private static async Task<byte[]> ExchangeAsync(TcpClient client, byte[] sent)
    {
        using var limit = Running.NewLimit();
        var stream = client.GetStream();
        await stream.WriteAsync(sent, limit.Token);
        client.Client.Shutdown(SocketShutdown.Send);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, limit.Token);
        return answer.ToArray();
    }

    private static async Task<bool> EndOf(TcpClient client)
    {
        using var limit = Running.NewLimit();
        try
        {
            await client.GetStream().CopyToAsync(Stream.Null, limit.Token);
            return true;
        }
        catch (IOException)
        {
            return true;
        }
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
