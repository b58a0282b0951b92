namespace Standins.Nats.Inside;

public sealed class TlsSentences : IDisposable
{
    private readonly Certificates _certificates = new();

    public void Dispose() => _certificates.Dispose();

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_refused_handshake_says_why()
    {
        var (cert, key) = _certificates.Server;
        await using var server = new NatsServer { Arguments = ["--tls", "--tlscert", cert, "--tlskey", key, "--tlsverify", "--tlscacert", _certificates.CaFile] };
        await server.InitializeAsync();
        (cert, key) = _certificates.OtherHost;
        await using var other = new NatsServer { Arguments = ["--tls", "--tlscert", cert, "--tlskey", key] };
        await other.InitializeAsync();
        var trusting = new NatsTlsOpts { CaFile = _certificates.CaFile };

        (await RefusalAsync(server, NatsTlsOpts.Default)).ShouldContain("TLS handshake");
        (await RefusalAsync(server, NatsTlsOpts.Default)).ShouldContain("certificate chain");
        (await RefusalAsync(server, trusting)).ShouldContain("want of a client certificate");
        (await RefusalAsync(other, trusting)).ShouldContain("NameMismatch");
        (await RefusalAsync(other, trusting with { Mode = TlsMode.Disable })).ShouldContain("requires TLS");
        (await RefusalAsync(server, trusting with { CertFile = cert })).ShouldContain("must both be set");
        (await RefusalAsync(server, trusting with { CertFile = cert, KeyFile = _certificates.CaFile })).ShouldContain("cannot be read");
        (await RefusalAsync(server, new NatsTlsOpts { CaFile = "/nowhere/ca.pem" })).ShouldContain("/nowhere/ca.pem");
    }

    private static async Task<string> RefusalAsync(NatsServer server, NatsTlsOpts opts)
    {
        await using var nats = new NatsConnection(server.Opts with { TlsOpts = opts });
        return (await Should.ThrowAsync<NatsException>(async () => await nats.ConnectAsync())).Message;
    }
}
