using Messaging;

namespace Compliance;

/// <summary>What <see cref="TransportCompliance"/> has to be told of a transport in order to test it.</summary>
public abstract class TransportUnderTest
{
    internal const string WrongPassword = "wr0ng-pa55w0rd";

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Waits for the broker. The first call of a test.</summary>
    public virtual Task StartAsync() => Task.CompletedTask;

    /// <summary>A new connection to the broker under test.</summary>
    public abstract ITransport Create();

    /// <summary>A transport whose broker is not there; null where there is always one.</summary>
    public virtual ITransport? CreateUnreachable() => null;

    /// <summary>A transport that forgets ids so soon that a test can wait for it; null where the window is nothing or for ever.</summary>
    public virtual ITransport? CreateForgetful() => null;

    /// <summary>A transport with <see cref="WrongPassword"/>; null where the broker under test asks for none.</summary>
    public virtual ITransport? CreateWithWrongPassword() => null;

    /// <summary>
    /// Whether the broker, by a defect of its own, has refused a position that a member had to hand over, so that messages come again
    /// although every member left in peace. Thread-safe.
    /// </summary>
    internal virtual bool HasRefusedPositions => false;

    /// <summary>Publishes past the transport, as a stranger would: a key and a body, no attributes.</summary>
    public abstract Task PublishForeignAsync(string topic, string key, string body);

    /// <summary>A member whose process can be paused so that the broker takes it for dead; null where that cannot be done.</summary>
    internal virtual FreezableMember? CreateFreezable() => null;

    /// <summary>A broker of the test's own that it may take away; null where there is none to take away.</summary>
    internal virtual Task<IOwnBroker?> StartOwnBrokerAsync() => Task.FromResult<IOwnBroker?>(null);
}

/// <summary>A member of a group that the test can pause.</summary>
internal sealed record FreezableMember(ITransport Transport, Func<Task> FreezeAsync, Func<Task> ThawAsync, IAsyncDisposable? Process = null) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        await Transport.DisposeAsync();
        if (Process is not null)
            await Process.DisposeAsync();
    }
}

/// <summary>A broker that one test may stop and start again, its data kept.</summary>
internal interface IOwnBroker : IAsyncDisposable
{
    /// <summary>A transport that waits so long for acknowledgements.</summary>
    ITransport Connect(TimeSpan publishTimeout);

    Task StopAsync();

    Task StartAsync();
}
