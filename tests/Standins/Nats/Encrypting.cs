namespace Standins.Nats;

public sealed class Encrypting : IDisposable
{
    private readonly Certificates _certificates = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private NatsTlsOpts Trusting => new() { CaFile = _certificates.CaFile };

    private NatsTlsOpts Mutual => Trusting with { CertFile = _certificates.Client.Cert, KeyFile = _certificates.Client.Key };

    public void Dispose() => _certificates.Dispose();

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_whose_authority_is_trusted_is_talked_to_and_again_after_a_restart()
    {
        await using var server = Server(_certificates.Server);
        await server.InitializeAsync();
        await using var nats = new NatsConnection(server.Opts with { TlsOpts = Trusting });
        await using var subscription = await nats.SubscribeCoreAsync<byte[]>("tls", cancellationToken: Ct);
        var payload = new byte[900_000];
        new Random(1).NextBytes(payload);

        await nats.PublishAsync("tls", payload, cancellationToken: Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(payload);

        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "disconnected");
        await server.StartAsync();
        await nats.PublishAsync("tls", payload, cancellationToken: Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(payload);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_of_an_unknown_authority_is_refused_unless_told_otherwise()
    {
        await using var server = Server(_certificates.Server);
        await server.InitializeAsync();
        using var others = new Certificates();

        await ShouldBeRefusedAsync(server, NatsTlsOpts.Default);
        await ShouldBeRefusedAsync(server, new NatsTlsOpts { CaFile = others.CaFile });

        await using var careless = new NatsConnection(server.Opts with { TlsOpts = new NatsTlsOpts { InsecureSkipVerify = true } });
        await careless.PingAsync(Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_with_the_certificate_of_another_host_is_refused()
    {
        await using var server = Server(_certificates.OtherHost);
        await server.InitializeAsync();

        await ShouldBeRefusedAsync(server, Trusting);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_that_wants_the_clients_certificate_refuses_one_without_and_takes_one_with()
    {
        await using var server = Server(_certificates.Server, "--tlsverify", "--tlscacert", _certificates.CaFile);
        await server.InitializeAsync();

        await ShouldBeRefusedAsync(server, Trusting);

        await using var nats = new NatsConnection(server.Opts with { Url = $"tls://127.0.0.1:{server.Port}", TlsOpts = Mutual });
        await nats.PingAsync(Ct);
        await server.KillAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "disconnected");
        await server.StartAsync();
        await nats.PublishAsync("x", 1, cancellationToken: Ct);
        await nats.PingAsync(Ct);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_two_sides_must_agree_whether_to_encrypt()
    {
        await using var plain = new NatsServer();
        await plain.InitializeAsync();
        await using var encrypted = Server(_certificates.Server);
        await encrypted.InitializeAsync();

        await ShouldBeRefusedAsync(encrypted, new NatsTlsOpts { Mode = TlsMode.Disable });
        await ShouldBeRefusedAsync(plain, new NatsTlsOpts { Mode = TlsMode.Require });
        await ShouldBeRefusedAsync(plain, Trusting);
        await using var byUrl = new NatsConnection(plain.Opts with { Url = $"tls://127.0.0.1:{plain.Port}" });
        await Should.ThrowAsync<NatsException>(async () => await byUrl.ConnectAsync());

        await using var either = new NatsConnection(plain.Opts with { TlsOpts = Trusting with { Mode = TlsMode.Prefer } });
        await either.PingAsync(Ct);
    }

    private static NatsServer Server((string Cert, string Key) certificate, params string[] more) =>
        new() { Arguments = ["--tls", "--tlscert", certificate.Cert, "--tlskey", certificate.Key, .. more] };

    private static async Task ShouldBeRefusedAsync(NatsServer server, NatsTlsOpts opts)
    {
        await using var nats = new NatsConnection(server.Opts with { TlsOpts = opts });
        await Should.ThrowAsync<NatsException>(async () => await nats.ConnectAsync());
    }
}
