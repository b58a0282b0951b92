using System.Text;
using System.Threading.Channels;

namespace Standins.NATS.Client.Core;

/// <summary>Something that receives what the server delivers for one subscription id.</summary>
internal abstract class Subscription(string subject, string? queueGroup)
{
    public int Sid { get; set; }

    public string Subject { get; } = subject;

    public string? QueueGroup { get; } = queueGroup;

    /// <summary>Takes one message on the read loop; a task that is not done holds the loop back.</summary>
    public abstract ValueTask ReceiveAsync(in ServerFrame frame);

    /// <summary>The connection is gone for good: null after dispose, else why.</summary>
    public abstract void End(Exception? reason);

    /// <summary>The subscription was re-established on a new socket.</summary>
    public virtual void Resubscribed()
    {
    }

    public byte[] SubscribeCommand() => Encoding.UTF8.GetBytes(QueueGroup is null ? $"SUB {Subject} {Sid}\r\n" : $"SUB {Subject} {QueueGroup} {Sid}\r\n");

    public byte[] UnsubscribeCommand() => Encoding.UTF8.GetBytes($"UNSUB {Sid}\r\n");
}

/// <summary>A core subscription: a bounded buffer between the read loop and one reader.</summary>
internal sealed class ChannelSubscription<T> : Subscription, INatsSub<T>
{
    private const int DefaultCapacity = 16384;

    private readonly NatsConnection _connection;
    private readonly INatsDeserialize<T> _deserializer;
    private readonly Channel<NatsMsg<T>> _channel;
    private CancellationTokenRegistration _ending;

    public ChannelSubscription(NatsConnection connection, string subject, string? queueGroup, INatsDeserialize<T> deserializer, NatsSubChannelOpts? opts)
        : base(subject, queueGroup)
    {
        _connection = connection;
        _deserializer = deserializer;
        var options = new BoundedChannelOptions(opts?.Capacity ?? DefaultCapacity) { FullMode = opts?.FullMode ?? BoundedChannelFullMode.DropNewest, SingleWriter = true };
        _channel = Channel.CreateBounded<NatsMsg<T>>(options, Dropped);
    }

    public ChannelReader<NatsMsg<T>> Msgs => _channel.Reader;

    /// <summary>Ends the subscription on cancellation; what has arrived can still be read.</summary>
    public void EndOn(CancellationToken cancellationToken) =>
        _ending = cancellationToken.UnsafeRegister(static state => ((ChannelSubscription<T>)state!).Leave(), this);

    public override ValueTask ReceiveAsync(in ServerFrame frame)
    {
        var message = NatsMsg<T>.From(frame.SubjectText, frame, _connection, _deserializer);
        return _channel.Writer.TryWrite(message) ? default : WriteAsync(message);
    }

    public override void End(Exception? reason)
    {
        _ending.Unregister();
        _channel.Writer.TryComplete(reason);
    }

    public ValueTask UnsubscribeAsync()
    {
        Leave();
        return default;
    }

    public async ValueTask DrainAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            _connection.Remove(this, keepReceiving: true);
            await _connection.PingAsync(cancellationToken);
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // Nothing more arrives, or nobody waits for it any longer.
        }
        finally
        {
            Leave();
        }
    }

    public ValueTask DisposeAsync() => UnsubscribeAsync();

    private async ValueTask WriteAsync(NatsMsg<T> message)
    {
        try
        {
            await _channel.Writer.WriteAsync(message);
        }
        catch (ChannelClosedException)
        {
            // The reader left while the buffer was full: the message is nobody's.
        }
    }

    private void Leave()
    {
        _connection.Remove(this);
        End(reason: null);
    }

    private void Dropped(NatsMsg<T> message) => _connection.OnMessageDropped(_channel.Reader.Count, message.Subject);
}
