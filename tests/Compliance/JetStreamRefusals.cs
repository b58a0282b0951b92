using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>What a server refuses, and what one finds there of another making, is one sentence that names it.</summary>
public sealed class JetStreamRefusals
{
    private const string Topic = "orders.events";

    // The reader may ask about streams and read them, and nothing else.
    private const string Users =
        """
        authorization {
          users = [
            { user: admin, password: secret }
            { user: reader, password: secret, permissions: {
                publish: ["$JS.API.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.CONSUMER.CREATE.>", "$JS.API.CONSUMER.DELETE.>", "$JS.API.CONSUMER.MSG.NEXT.>"]
                subscribe: ["_INBOX.>"] } }
          ]
        }
        """;

    private static readonly JetStreamTransportOptions Patient = new() { RequestTimeout = TimeSpan.FromSeconds(5), PublishTimeout = TimeSpan.FromSeconds(10) };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Wrong_credentials_are_named_and_not_told()
    {
        await using var server = new NatsServerProcess(Users);
        await server.StartAsync(Cancel);
        await using var transport = Connect(server.UrlOf("admin", "not-the-secret"));
        var refusal = await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel));
        refusal.Message.ShouldContain("refused the credentials");
        refusal.ToString().ShouldNotContain("not-the-secret");
        await Should.ThrowAsync<TransportException>(() => transport.PublishAsync(Messages.Numbered(Topic, "key", 0, 1), Cancel));
    }

    [Fact]
    public async Task A_permission_that_is_missing_is_named_wherever_it_is_missed()
    {
        await using var server = new NatsServerProcess(Users);
        await server.StartAsync(Cancel);
        await using var admin = Connect(server.UrlOf("admin"));
        await admin.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        (await admin.PublishAsync(Messages.Numbered(Topic, "key", 0, 3), Cancel)).Succeeded.ShouldBeTrue();
        await using var reader = Connect(server.UrlOf("reader"), Patient with { RequestTimeout = TimeSpan.FromSeconds(2) }); // It waits for each in vain.

        var read = new List<Delivery>();
        await foreach (var delivery in reader.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Present), Cancel))
            read.Add(delivery);
        read.Numbers("key").ShouldBe([0, 1, 2], "what it may do, it can");

        var ensure = await Should.ThrowAsync<TransportException>(() => reader.EnsureTopicsAsync([new TopicDefinition("other.events")], Cancel));
        ensure.Message.ShouldContain("Permissions Violation for Publish to \"$JS.API.STREAM.CREATE.other_events\"");
        var publish = (await reader.PublishAsync(Messages.Numbered(Topic, "key", 0, 2), Cancel)).Failures;
        publish[0].Cause.Message.ShouldContain("Permissions Violation for Publish to \"orders.events.");
        publish[1].Cause.ShouldBeOfType<PrecedingMessageFailedException>();
        var ask = await Should.ThrowAsync<TransportException>(
            () => reader.RequestAsync("orders.questions", Messages.Create("key", "?"), TimeSpan.FromSeconds(1), Cancel));
        ask.Message.ShouldContain("Permissions Violation for Publish to \"_requests.orders.questions\"");
        var respond = await Should.ThrowAsync<TransportException>(() => reader
            .RespondAsync(new Responder("orders.questions", "service"), (message, _) => Task.FromResult(message), Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel));
        respond.Message.ShouldContain("Permissions Violation for Subscription to \"_requests.orders.questions\"");
        var bucket = await Should.ThrowAsync<TransportException>(() => reader.OpenBucketAsync(new BucketDefinition("bucket"), Cancel));
        bucket.Message.ShouldContain("Permissions Violation for Publish to \"$JS.API.STREAM.CREATE.KV_bucket\"");
    }

    [Fact]
    public async Task A_topic_and_a_bucket_of_another_making_are_refused_and_left_as_they_are()
    {
        await using var server = new NatsServerProcess();
        await server.StartAsync(Cancel);
        await using var nats = new NatsConnection(new NatsOpts { Url = server.Url });
        var jetStream = new NatsJSContext(nats);
        await jetStream.CreateStreamAsync(new StreamConfig("orders_events", ["orders.events.0.>", "orders.events.1.>", "orders.events.2.>", "orders.events.3.>"]) { Storage = StreamConfigStorage.Memory }, Cancel);
        await jetStream.CreateStreamAsync(new StreamConfig("stock_events", ["stock.events.*.>"]), Cancel);
        await new NatsKVContext(jetStream).CreateStoreAsync(new NatsKVConfig("settings") { History = 5 }, Cancel);
        await using var transport = Connect(server.Url);

        (await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel))).Message.ShouldContain("storage");
        (await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([new TopicDefinition("stock.events")], Cancel))).Message.ShouldContain("stock.events.*.>");
        (await jetStream.GetStreamAsync("stock_events", cancellationToken: Cancel)).Info.Config.Subjects.ShouldBe(["stock.events.*.>"]);
        var bucket = await Should.ThrowAsync<TransportException>(() => transport.OpenBucketAsync(new BucketDefinition("settings"), Cancel));
        bucket.Message.ShouldContain("a history of 5");
        await using var same = await transport.OpenBucketAsync(new BucketDefinition("settings") { History = 5 }, Cancel);
        await Should.ThrowAsync<CapabilityMissingException>(() => transport.OpenBucketAsync(new BucketDefinition("history") { History = 65 }, Cancel));
    }

    [Fact]
    public async Task A_server_whose_certificate_is_not_trusted_is_refused_and_one_that_is_trusted_is_used()
    {
        using var files = new CertificateFiles();
        await using var server = new NatsServerProcess($"tls {{ cert_file: '{files.Certificate}', key_file: '{files.Key}' }}");
        await server.StartAsync(Cancel);
        await using (var wary = Connect(server.Url))
        {
            var refusal = await Should.ThrowAsync<TransportException>(() => wary.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel));
            refusal.Message.ShouldContain("certificate");
        }

        await using var transport = Connect(server.Url, Patient with { TlsCaFile = files.Certificate });
        await transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
        (await transport.PublishAsync(Messages.Numbered(Topic, "key", 0, 3), Cancel)).Succeeded.ShouldBeTrue();
    }

    private static JetStreamTransport Connect(string url, JetStreamTransportOptions? options = null) =>
        new(url, options ?? Patient, NullLoggerFactory.Instance, TimeProvider.System);

    /// <summary>A certificate for 127.0.0.1 that is its own authority, as PEM files.</summary>
    private sealed class CertificateFiles : IDisposable
    {
        private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("nats-tls-");

        public CertificateFiles()
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Loopback);
            request.CertificateExtensions.Add(names.Build());
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
            using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
            File.WriteAllText(Certificate, certificate.ExportCertificatePem());
            File.WriteAllText(Key, key.ExportPkcs8PrivateKeyPem());
        }

        public string Certificate => Path.Combine(_directory.FullName, "server.pem");

        public string Key => Path.Combine(_directory.FullName, "server.key");

        public void Dispose() => _directory.Delete(recursive: true);
    }
}
