using Messaging;

// Tests wait for brokers most of their time, those of a Kafka group for seconds each: more of them than there are processors.
[assembly: CollectionBehavior(MaxParallelThreads = 8)]

namespace Compliance;

/// <summary>
/// What every transport promises. A theme of it is a class of its own that derives from this one, and runs against each transport:
/// <see cref="InMemoryCompliance"/>, <see cref="JetStreamCompliance"/> and <see cref="KafkaCompliance"/> list them all. The themes
/// run side by side, so a test has its own topics and groups; <see cref="Connect"/> makes a transport as another process would,
/// with a connection of its own.
/// </summary>
public abstract class TransportCompliance(TransportUnderTest underTest) : IAsyncLifetime
{
    private readonly List<ITransport> _connected = [];
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected TransportUnderTest UnderTest => underTest;

    /// <summary>The transport of the test.</summary>
    protected ITransport Transport { get; private set; } = null!;

    /// <summary>A topic of four partitions that no other test uses.</summary>
    protected string Topic => $"t{_run}.events";

    public async ValueTask InitializeAsync()
    {
        await UnderTest.StartAsync();
        Transport = Connect();
        await Transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _connected)
            await transport.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    protected ITransport Connect()
    {
        var transport = UnderTest.Create();
        _connected.Add(transport);
        return transport;
    }

    protected async Task PublishAsync(params IEnumerable<OutgoingMessage> messages)
    {
        var outcome = await Transport.PublishAsync([.. messages], Cancel);
        outcome.Failures.ShouldBeEmpty();
    }

    private protected Subscription Group(string name = "group", int maxBatch = 100, int prefetch = 500) =>
        new(Topic, $"{name}-{_run}", maxBatch, prefetch);

    private protected IEnumerable<OutgoingMessage> OfTypes(params string[] types) => types.Select((type, number) =>
        new OutgoingMessage(Topic, Messages.Create("key", number.ToString(System.Globalization.CultureInfo.InvariantCulture)) with { Type = type }));

    private protected async Task LagAsync(Func<IReadOnlyList<PartitionLag>, bool> expected)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!expected(await Transport.GetLagAsync(Cancel)))
            await timer.WaitForNextTickAsync(deadline.Token);
    }

    private protected static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
