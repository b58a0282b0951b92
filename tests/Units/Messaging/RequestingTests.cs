using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Units.Messaging;

public sealed record GetStock(string Sku);

public sealed record StockLevel(string Sku, int OnHand);

public sealed record Stranger(string Name);

/// <summary>Questions and answers in the catalog's types, over the in-memory transport.</summary>
public sealed class RequestingTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly MessageDefinition[] Definitions =
    [
        new("tests.get-stock.v1", "", typeof(GetStock), message => ((GetStock)message).Sku),
        new("tests.stock-level.v1", "", typeof(StockLevel), message => ((StockLevel)message).Sku),
        new("tests.stranger.v1", "", typeof(Stranger), message => ((Stranger)message).Name),
    ];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_question_is_answered_in_the_types_of_the_catalog()
    {
        using var host = await StartAsync(messaging => messaging.Answer<GetStock, StockLevel>(
            (request, _, _) => Task.FromResult(new StockLevel(request.Sku, 7))));
        (await AskAsync(host, "TEA")).ShouldBe(new StockLevel("TEA", 7));
    }

    [Fact]
    public async Task Each_request_has_a_scope_that_knows_what_it_handles()
    {
        Message? current = null;
        using var host = await StartAsync(messaging => messaging.Answer<GetStock, StockLevel>((request, services, _) =>
        {
            current = services.GetRequiredService<CurrentMessage>().Value;
            return Task.FromResult(new StockLevel(request.Sku, 1));
        }));
        await AskAsync(host, "TEA");
        current.ShouldNotBeNull().Type.ShouldBe("tests.get-stock.v1");
        (current.PartitionKey, current.Source).ShouldBe(("TEA", "/tests"));
    }

    [Fact]
    public async Task What_the_answering_service_throws_the_asker_gets()
    {
        using var host = await StartAsync(messaging => messaging.Answer<GetStock, StockLevel>(
            (request, _, _) => throw new KeyNotFoundException($"There is no article {request.Sku}.")));
        var failure = await Should.ThrowAsync<RequestFailedException>(() => AskAsync(host, "X"));
        failure.Failure.ShouldBe("There is no article X.");
    }

    [Fact]
    public async Task An_answer_of_another_type_is_a_failure()
    {
        using var host = await StartAsync(messaging => messaging.Answer<GetStock, Stranger>((_, _, _) => Task.FromResult(new Stranger("who?"))));
        var failure = await Should.ThrowAsync<RequestFailedException>(() => AskAsync(host, "X"));
        failure.Failure.ShouldContain("tests.stranger.v1");
    }

    [Fact]
    public async Task A_request_that_cannot_be_read_is_a_failure_that_the_asker_gets()
    {
        using var host = await StartAsync(messaging => messaging.Answer<GetStock, StockLevel>((_, _, _) => Task.FromResult(new StockLevel("", 0))));
        var request = new Message
        {
            Id = Message.NewId(), Type = "tests.get-stock.v1", Source = "/x", Time = DateTimeOffset.UtcNow, PartitionKey = "k", Body = "{"u8.ToArray(),
        };
        var transport = host.Services.GetRequiredService<ITransport>().RequireRequestReply();
        var failure = await Should.ThrowAsync<RequestFailedException>(
            () => WhenHeardAsync(() => transport.RequestAsync("tests.get-stock.v1", request, Patience, Cancel)));
        failure.Failure.ShouldContain("cannot be read");
    }

    [Fact]
    public async Task Nobody_who_answers_is_told_at_once()
    {
        using var host = await StartAsync(_ => { });
        await Should.ThrowAsync<NoRespondersException>(() => Client(host).AskAsync<GetStock, StockLevel>(new GetStock("X"), Patience, Cancel));
    }

    [Fact]
    public async Task A_service_that_answers_refuses_to_start_on_a_transport_without_request_reply()
    {
        var refusal = await Should.ThrowAsync<CapabilityMissingException>(() => StartAsync(
            messaging => messaging.Answer<GetStock, StockLevel>((_, _, _) => Task.FromResult(new StockLevel("", 0))), transport: "plain"));
        refusal.Capability.ShouldBe(nameof(TransportCapabilities.RequestReply));
        refusal.Message.ShouldBe("The transport plain does not offer RequestReply, which answering tests.get-stock.v1 needs.");
    }

    [Fact]
    public async Task A_request_cannot_be_published()
    {
        using var host = await StartAsync(_ => { });
        using var scope = host.Services.CreateScope();
        var refusal = Should.Throw<InvalidOperationException>(() => scope.ServiceProvider.GetRequiredService<OutboxWriter>().Add(new GetStock("X")));
        refusal.Message.ShouldContain("tests.get-stock.v1");
    }

    private static RequestClient Client(IHost host) => host.Services.GetRequiredService<RequestClient>();

    private static async Task<IHost> StartAsync(Action<MessagingBuilder> configure, string transport = "in-memory")
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Transport"] = transport });
        builder.Services.AddMessaging(builder.Configuration, "tests", messaging =>
        {
            messaging.Messages(Definitions).UseInMemory().AddTransport("plain", services => new PlainTransport());
            configure(messaging);
        });
        var host = builder.Build();
        await host.StartAsync(Cancel);
        return host;
    }

    /// <summary>Asks as soon as somebody listens: hosts start their background services without waiting for them.</summary>
    private static async Task<T> WhenHeardAsync<T>(Func<Task<T>> ask)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            try
            {
                return await ask();
            }
            catch (NoRespondersException) when (TimeProvider.System.GetElapsedTime(started) < Patience)
            {
                await timer.WaitForNextTickAsync(Cancel);
            }
        }
    }

    private static Task<StockLevel> AskAsync(IHost host, string sku) =>
        WhenHeardAsync(() => Client(host).AskAsync<GetStock, StockLevel>(new GetStock(sku), Patience, Cancel));

    /// <summary>A transport with nothing beyond the port.</summary>
    private sealed class PlainTransport : ITransport
    {
        public string Name => "plain";

        public TransportCapabilities Capabilities => throw new NotSupportedException();

        public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

        public ValueTask DisposeAsync() => default;
    }
}
