using Messaging;

namespace Compliance;

/// <summary>
/// What every transport promises, run against each. A test has its own topics and groups; <see cref="Connect"/> makes a
/// transport as another process would, with a connection of its own.
/// </summary>
public abstract partial class TransportCompliance : IAsyncLifetime
{
    private readonly List<ITransport> _connected = [];
    private readonly string _run = Guid.NewGuid().ToString("N")[..8];

    /// <summary>The transport of the test.</summary>
    protected ITransport Transport { get; private set; } = null!;

    /// <summary>A topic of four partitions that no other test uses.</summary>
    protected string Topic => $"t{_run}.events";

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public virtual async ValueTask InitializeAsync()
    {
        Transport = Connect();
        await Transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var transport in _connected)
            await transport.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>A new connection to the broker under test.</summary>
    protected abstract ITransport CreateTransport();

    /// <summary>A transport whose broker is not there; null where there is always one.</summary>
    protected abstract ITransport? CreateUnreachable();

    /// <summary>A transport that forgets ids so soon that a test can wait for it; null where the window is nothing or for ever.</summary>
    protected virtual ITransport? CreateForgetful() => null;

    /// <summary>A transport with a wrong password; null where the broker under test asks for none.</summary>
    protected virtual ITransport? CreateWithWrongPassword() => null;

    /// <summary>Publishes past the transport, as a stranger would: a key and a body, no attributes.</summary>
    protected abstract Task PublishForeignAsync(string topic, string key, string body);

    protected ITransport Connect()
    {
        var transport = CreateTransport();
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
}
